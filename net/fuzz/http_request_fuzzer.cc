// Any bytes, cut anywhere, at a server's session: no crash, no hang, bounded memory; every session ends, and
// what is answered is HTTP.
#include <cstdint>
#include <string>

#include "base/testing/simulated_loop.h"
#include "net/http_server.h"
#include "net/memory_stream.h"

namespace heirloom::net {
namespace {

class EchoHandler final : public HttpHandler {
 public:
  Task<void> handle(HttpRequest request, ResponseWriter* response) override {
    if (request.target == "/s") {
      const Status begun = co_await response->begin(200, std::move(request.headers));
      if (!begun.ok()) co_return;
      const Status written = co_await response->write(std::move(request.body));
      if (!written.ok()) co_return;
      const Status ended = co_await response->finish();
      if (!ended.ok()) co_return;
      co_return;
    }
    HttpResponse answer;
    answer.headers = std::move(request.headers);
    answer.body = request.method + request.target + request.body;
    const Status sent = co_await response->send(std::move(answer));
    if (!sent.ok()) co_return;
  }
};

Task<std::string> read_all(ByteStream* stream) {
  std::string all;
  while (true) {
    const Result<std::string> piece = co_await stream->read_some(100'000);
    if (!piece.ok() || piece->empty()) co_return all;
    all += *piece;
  }
}

void run(std::uint8_t cut, std::string bytes) {
  SimulatedLoop loop(cut);
  EchoHandler handler;
  HttpServerOptions options;
  options.max_header_bytes = 1000;
  options.max_body_bytes = 2000;
  options.gzip_above_bytes = 500;
  HttpServer server(loop.executor(), &loop.clock(), &handler, options);
  MemoryStreamOptions stream_options;
  stream_options.max_read = cut % 16;
  MemoryStreamPair pair = memory_stream_pair(loop.executor(), loop.executor(), stream_options);
  server.serve_connection(std::move(pair.server));
  Started<std::string> answers = start(loop, read_all(pair.client.get()));
  Started<Status> writing = start(loop, pair.client->write(std::move(bytes)));
  loop.world().run_for(std::chrono::minutes(5));  // longer than every timeout
  HEIRLOOM_ASSERT(server.connections() == 0);
  HEIRLOOM_ASSERT(answers.done() && writing.done());
  const std::string all = answers.value();
  HEIRLOOM_ASSERT(all.empty() || all.starts_with("HTTP/1.1 "));
  await(loop, server.stop(Duration::zero()));
}

}  // namespace
}  // namespace heirloom::net

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  heirloom::net::run(data[0], std::string(reinterpret_cast<const char*>(data) + 1, size - 1));
  return 0;
}
