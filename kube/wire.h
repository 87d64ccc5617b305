// The Kubernetes API's HTTP form as pure functions: paths, queries, bodies, and what answers mean.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "kube/api.h"

namespace heirloom::kube::wire {

// Everything but unreserved characters becomes %XX.
std::string percent_encode(std::string_view text);

// "/api/v1/namespaces/default/configmaps", "/apis/apps/v1/deployments".
std::string collection_path(const Collection& collection);
// ".../web", ".../web/status".
std::string object_path(const ObjectRef& ref, const std::string& subresource);

// Complete targets. `server_timeout` is what ?timeout= says; nullopt leaves it out.
std::string get_target(const ObjectRef& ref, const GetOptions& options);
std::string list_target(const Collection& collection, const ListOptions& options);
std::string watch_target(const Collection& collection, const WatchOptions& options);
std::string create_target(const Collection& collection, const WriteOptions& options,
                          std::optional<Duration> server_timeout);
// `apply`: force is sent along.
std::string write_target(const ObjectRef& ref, const WriteOptions& options, bool apply,
                         std::optional<Duration> server_timeout);
std::string remove_target(const ObjectRef& ref, std::optional<Duration> server_timeout);

std::string_view content_type_of(PatchType type);
// meta/v1 DeleteOptions; the propagation policy is always there.
std::string remove_body(const RemoveOptions& options);
// The part of the time left that the server may use: kServerSlack less, or half of a short rest; whole
// milliseconds.
Duration server_timeout(Duration left);

// The error that an answer with this code and body is. A meta/v1 Status is decoded; anything else becomes the
// code's reason and the text's beginning. `retry_after` is the header ("" = none); creating says that a bare
// 409 is AlreadyExists.
Status decode_error(int code, std::string_view body, std::string_view retry_after, bool creating);
// A meta/v1 Status object; `code` stands in when it has none.
Status decode_status(JsonView status, int code);

// Items get apiVersion and kind where the list left them out.
Result<ListPage> decode_list(std::string_view body);

// One line of a watch. An ERROR event is its Status. Error also: InternalError when it is no watch event.
Result<WatchEvent> decode_event(std::string_view line);

// Cuts a stream of bytes into lines. Memory is bounded by the longest line allowed, plus one piece.
class LineSplitter {
 public:
  explicit LineSplitter(std::size_t max_line) : max_line_(max_line) {}
  // Error: RequestEntityTooLarge when a line is longer than allowed.
  Status push(std::string_view piece);
  // The next whole line, without its end; empty lines are skipped.
  std::optional<std::string> next();
  bool has_partial() const { return at_ < buffer_.size(); }

 private:
  std::size_t max_line_;
  std::string buffer_;
  std::size_t at_ = 0;       // where the next line begins
  std::size_t scanned_ = 0;  // no line end between at_ and this
};

}  // namespace heirloom::kube::wire
