// kube::Api over HTTP(S): one cluster, one identity, one attempt per call. Put kube/retry.h above it.
//
// Every mutating request carries ?timeout= kServerSlack below our own deadline: once our deadline has passed, the
// server has given up as well, and a GET tells what became of the write. Errors: the server's Status (also when its
// body is no Status: the code, and the text shortened), Unreachable, Timeout. A Retry-After header lands in
// Status::details().retry_after_seconds. Requests are counted as rest_client_requests_total{verb,resource,code}.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/task.h"
#include "kube/api.h"
#include "kube/kubeconfig.h"

namespace heirloom::kube {

struct HttpApiOptions {
  std::string user_agent = "heirloom/" HEIRLOOM_VERSION;
  Duration read_timeout = std::chrono::seconds(30);   // get, raw
  Duration list_timeout = std::chrono::seconds(90);   // one page
  Duration write_timeout = std::chrono::seconds(15);  // create, update, patch, remove
  std::size_t max_object_bytes = 16 << 20;   // one object; the server's own limit is about 1.5 MiB in etcd
  std::size_t max_list_bytes = 512 << 20;    // one page
  std::size_t max_event_bytes = 16 << 20;    // one line of a watch
};

// How far ?timeout= lies below our own deadline.
inline constexpr Duration kServerSlack = std::chrono::seconds(2);

// clock and metrics (may be null) outlive the Api, and the Api outlives its calls and watches.
// Error: Invalid when the configuration cannot be used (a certificate that does not parse, an unsupported scheme).
Result<std::unique_ptr<Api>> make_http_api(Executor executor, Clock* clock, Metrics* metrics, ClientConfig config,
                                           HttpApiOptions options = HttpApiOptions());

}  // namespace heirloom::kube
