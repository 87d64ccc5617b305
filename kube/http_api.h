// kube::Api over HTTP(S): one cluster, one identity, one attempt per call. Put kube/retry.h above it.
//
// Every mutating request carries ?timeout= kServerSlack below our own deadline: once our deadline has passed,
// the server has given up as well, and a GET tells what became of the write. Errors: the server's Status
// (also when its body is no Status: the code, and the text shortened), Unreachable, Timeout. A Retry-After
// header lands in Status::details().retry_after_seconds. Requests are counted as
// rest_client_requests_total{verb,resource,code}.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/task.h"
#include "kube/api.h"
#include "kube/kubeconfig.h"
#include "net/stream.h"

namespace heirloom::kube {

struct HttpApiOptions {
  std::string user_agent = "heirloom/" HEIRLOOM_VERSION;
  Duration read_timeout = std::chrono::seconds(30);   // get, raw, and the header of a watch
  Duration list_timeout = std::chrono::seconds(90);   // one page
  Duration write_timeout = std::chrono::seconds(15);  // create, update, patch, remove
  std::size_t max_body_bytes = 512U << 20;            // one page of a list
  std::size_t max_event_bytes = 16U << 20;  // one line of a watch; an object is at most some 3 MiB as text
  Duration token_refresh = std::chrono::minutes(1);  // a token file is read again after this, and after a 401
  // How a token file is read (a few KiB, so reading it on the loop is fine).
  std::function<Result<std::string>(const std::string& path)> read_file = system_sources().read_file;
};

// How far ?timeout= lies below our own deadline (less for short deadlines).
inline constexpr Duration kServerSlack = std::chrono::seconds(2);

class HttpApi : public Api {
 public:
  // Closes all connections: pending calls and watches fail. Await it before destroying the Api, unless the
  // executor's frames were dropped.
  virtual Task<void> stop() = 0;
};

// clock and metrics (may be null) outlive the Api, and the Api outlives its calls and watches.
// Error: BadRequest when the configuration cannot be used (a certificate that does not parse, an unsupported
// scheme).
Result<std::unique_ptr<HttpApi>> make_http_api(Executor executor, Clock* clock, Metrics* metrics,
                                               ClientConfig config,
                                               HttpApiOptions options = HttpApiOptions());
// The same over connections from elsewhere (memory streams); the config's TLS fields are not used then.
Result<std::unique_ptr<HttpApi>> make_http_api(Executor executor, Clock* clock, Metrics* metrics,
                                               ClientConfig config, HttpApiOptions options,
                                               std::unique_ptr<net::Connector> connector);

}  // namespace heirloom::kube
