// TCP: connections out (Connector) and in (Listener). TCP_NODELAY is set on both.
#pragma once

#include <memory>
#include <string>

#include "net/endpoint.h"
#include "net/stream.h"
#include "net/tls.h"

namespace heirloom::net {

// Name look-up, connect (every address in turn) and, with a context, TLS; all within the deadline of
// connect().
std::unique_ptr<Connector> tcp_connector(Executor executor, Clock* clock, Endpoint endpoint);
std::unique_ptr<Connector> tls_connector(Executor executor, Clock* clock, Endpoint endpoint,
                                         std::shared_ptr<const TlsContext> context);

}  // namespace heirloom::net
