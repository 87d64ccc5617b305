// Any bytes as the stream of a watch: the client gives events, an end or an error, keeps no more than one line, and ends
// by its deadline.
#include <cstdint>
#include <string>
#include <utility>

#include "base/testing/simulated_loop.h"
#include "kube/http_api.h"
#include "net/listener.h"
#include "net/memory_stream.h"

namespace heirloom::kube {
namespace {

constexpr std::size_t kMaxEvent = 2000;

// The head is ours, so that the bytes get as far as the watch; with `raw` they are the chunked framing, too.
std::string answer_of(bool raw, const std::string& bytes) {
  std::string answer = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
  if (raw) return answer + bytes;
  static constexpr char kHex[] = "0123456789abcdef";
  for (std::size_t at = 0; at < bytes.size(); at += 15) {
    const std::string piece = bytes.substr(at, 15);
    answer += kHex[piece.size()];
    answer += "\r\n" + piece + "\r\n";
  }
  return answer + "0\r\n\r\n";
}

Task<void> serve(std::shared_ptr<net::Listener> listener, std::string answer) {
  Result<std::unique_ptr<net::ByteStream>> stream = co_await listener->accept();
  if (!stream.ok()) co_return;
  const Status written = co_await (*stream)->write(std::move(answer));
  if (!written.ok()) co_return;
  while (true) {  // whatever the client sends, until it closes
    const Result<std::string> piece = co_await (*stream)->read_some(1000);
    if (!piece.ok() || piece->empty()) co_return;
  }
}

void run(std::uint8_t cut, const std::string& bytes) {
  SimulatedLoop loop(cut);
  net::MemoryNetwork network([cut] {
    net::MemoryStreamOptions options;
    options.max_read = cut % 16;
    return options;
  });
  const std::shared_ptr<net::Listener> listener = network.listen(loop.executor());
  ClientConfig config;
  config.server = "http://h";
  HttpApiOptions options;
  options.max_event_bytes = kMaxEvent;
  Result<std::unique_ptr<HttpApi>> api = make_http_api(loop.executor(), &loop.clock(), nullptr, std::move(config),
                                                       std::move(options), network.connector(loop.executor()));
  HEIRLOOM_ASSERT(api.ok());
  Started<void> serving = start(loop, serve(listener, answer_of((cut & 16) != 0, bytes)));
  WatchOptions watching;
  watching.timeout = std::chrono::seconds(10);
  const MonotonicTime end = loop.clock().monotonic() + std::chrono::minutes(2);
  Result<std::unique_ptr<Watch>> watch = await(loop, (*api)->watch(Collection{{"", "v1", "configmaps"}, ""}, watching));
  while (watch.ok()) {
    const Result<std::optional<WatchEvent>> event = await(loop, (*watch)->next());
    if (!event.ok() || !event->has_value()) break;
    HEIRLOOM_ASSERT((*event)->object.is_object());
  }
  HEIRLOOM_ASSERT(loop.clock().monotonic() <= end);
  if (watch.ok()) watch->reset();
  await(loop, (*api)->stop());
}

}  // namespace
}  // namespace heirloom::kube

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  heirloom::kube::run(data[0], std::string(reinterpret_cast<const char*>(data) + 1, size - 1));
  return 0;
}
