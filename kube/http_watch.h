// A Watch over the lines of an HTTP response.
#pragma once

#include <memory>

#include "kube/api.h"
#include "kube/wire.h"
#include "net/http_client.h"

namespace heirloom::kube {

class HttpWatch final : public Watch {
 public:
  // `deadline`: the server has promised to end the stream before it; a connection that died silently ends
  // then.
  HttpWatch(std::unique_ptr<net::HttpStream> stream, std::size_t max_event_bytes, MonotonicTime deadline)
      : stream_(std::move(stream)), lines_(max_event_bytes), deadline_(deadline) {}

  Task<Result<std::optional<WatchEvent>>> next() override;

 private:
  std::unique_ptr<net::HttpStream> stream_;
  wire::LineSplitter lines_;
  MonotonicTime deadline_;
};

}  // namespace heirloom::kube
