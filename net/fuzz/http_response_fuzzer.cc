// Any bytes as a server's answer: the client gives a response or an error within its deadline, and never more
// than its limit.
#include <cstdint>
#include <string>

#include "base/testing/simulated_loop.h"
#include "net/http_client.h"
#include "net/memory_stream.h"

namespace heirloom::net {
namespace {

constexpr std::size_t kMaxBody = 5000;

Task<void> answer(std::shared_ptr<Listener> listener, std::string bytes) {
  Result<std::unique_ptr<ByteStream>> stream = co_await listener->accept();
  if (!stream.ok()) co_return;
  const Status written = co_await (*stream)->write(std::move(bytes));
  if (!written.ok()) co_return;
  // Whatever the client sends, until it closes.
  while (true) {
    const Result<std::string> piece = co_await (*stream)->read_some(1000);
    if (!piece.ok() || piece->empty()) co_return;
  }
}

void run(std::uint8_t cut, std::string bytes) {
  SimulatedLoop loop(cut);
  MemoryNetwork network([cut] {
    MemoryStreamOptions options;
    options.max_read = cut % 16;
    return options;
  });
  const std::shared_ptr<Listener> listener = network.listen(loop.executor());
  HttpClientOptions options;
  options.host = "h";
  options.max_header_bytes = 1000;
  options.max_body_bytes = kMaxBody;
  HttpClient client(loop.executor(), &loop.clock(), network.connector(loop.executor()), options);
  Started<void> answering = start(loop, answer(listener, std::move(bytes)));
  HttpRequest request;
  request.method = (cut & 16) != 0 ? "HEAD" : "GET";
  const MonotonicTime deadline = loop.clock().monotonic() + std::chrono::seconds(10);
  const Result<HttpResponse> response = await(loop, client.send(request, deadline));
  HEIRLOOM_ASSERT(loop.clock().monotonic() <= deadline);
  if (response.ok()) HEIRLOOM_ASSERT(response->body.size() <= kMaxBody);
  await(loop, client.stop());
}

}  // namespace
}  // namespace heirloom::net

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  heirloom::net::run(data[0], std::string(reinterpret_cast<const char*>(data) + 1, size - 1));
  return 0;
}
