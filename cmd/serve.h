// The embedded API server as a program part: store, server, HTTPS, credentials, kubeconfig.
#pragma once

#include <memory>
#include <string>

#include "base/metrics.h"
#include "base/random.h"
#include "base/result.h"
#include "cmd/options.h"
#include "net/event_loop.h"
#include "server/api_server.h"

namespace heirloom::cmd {

class Serving {
 public:
  // All outlive this.
  Serving(net::EventLoop* loop, Random* random, Metrics* metrics, ServeOptions options);
  ~Serving();

  // Opens the store, serves, writes the kubeconfig. Error: one message naming the file or address.
  Task<Status> start();
  Task<void> stop();

  server::ApiServer* api_server();
  const std::string& kubeconfig() const;  // path

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace heirloom::cmd
