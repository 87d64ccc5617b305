#include "kube/wire.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "kube/http_api.h"

namespace heirloom::kube::wire {
namespace {

constexpr std::size_t kMaxErrorText = 1024;

class Query {
 public:
  explicit Query(std::string path) : target_(std::move(path)) {}
  Query& add(std::string_view key, std::string_view value) {
    target_ += first_ ? '?' : '&';
    first_ = false;
    target_ += key;
    target_ += '=';
    target_ += percent_encode(value);
    return *this;
  }
  Query& add_unless_empty(std::string_view key, std::string_view value) {
    return value.empty() ? *this : add(key, value);
  }
  std::string take() { return std::move(target_); }

 private:
  std::string target_;
  bool first_ = true;
};

void add_timeout(Query& query, std::optional<Duration> timeout) {
  if (!timeout.has_value()) return;
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(*timeout).count();
  query.add("timeout", fmt::format("{}ms", std::max<std::int64_t>(ms, 1)));
}

void add_write_options(Query& query, const WriteOptions& options, std::optional<Duration> timeout) {
  if (options.dry_run) query.add("dryRun", "All");
  query.add_unless_empty("fieldManager", options.field_manager);
  add_timeout(query, timeout);
}

std::string_view reason_of(int code, bool creating) {
  switch (code) {
    case 400:
      return reasons::kBadRequest;
    case 401:
      return reasons::kUnauthorized;
    case 403:
      return reasons::kForbidden;
    case 404:
      return reasons::kNotFound;
    case 405:
      return reasons::kMethodNotAllowed;
    case 406:
      return reasons::kNotAcceptable;
    case 409:
      return creating ? reasons::kAlreadyExists : reasons::kConflict;
    case 410:
      return reasons::kGone;
    case 413:
      return reasons::kRequestEntityTooLarge;
    case 415:
      return reasons::kUnsupportedMediaType;
    case 422:
      return reasons::kInvalid;
    case 429:
      return reasons::kTooManyRequests;
    case 503:
      return reasons::kServiceUnavailable;
    case 504:
      return reasons::kTimeout;
    default:
      return code >= 500 ? reasons::kInternalError : reasons::kBadRequest;
  }
}

// Printable, short, and cut between characters.
std::string excerpt(std::string_view body) {
  std::string text(body.substr(0, kMaxErrorText));
  while (text.size() == kMaxErrorText && !text.empty() &&
         (static_cast<unsigned char>(text.back()) & 0x80) != 0)
    text.pop_back();
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  const std::size_t last = text.find_last_not_of(' ');
  text.resize(last == std::string::npos ? 0 : last + 1);
  return text;
}

}  // namespace

std::string percent_encode(std::string_view text) {
  static constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '~';
    if (plain) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kHex[byte >> 4];
    out += kHex[byte & 15];
  }
  return out;
}

std::string collection_path(const Collection& collection) {
  const GroupVersionResource& r = collection.resource;
  std::string path = r.group.empty() ? "/api/" + percent_encode(r.version)
                                     : "/apis/" + percent_encode(r.group) + "/" + percent_encode(r.version);
  if (!collection.ns.empty()) path += "/namespaces/" + percent_encode(collection.ns);
  return path + "/" + percent_encode(r.resource);
}

std::string object_path(const ObjectRef& ref, const std::string& subresource) {
  std::string path = collection_path(ref.collection()) + "/" + percent_encode(ref.name);
  if (!subresource.empty()) path += "/" + percent_encode(subresource);
  return path;
}

std::string get_target(const ObjectRef& ref, const GetOptions& options) {
  Query query(object_path(ref, options.subresource));
  query.add_unless_empty("resourceVersion", options.resource_version);
  return query.take();
}

std::string list_target(const Collection& collection, const ListOptions& options) {
  Query query(collection_path(collection));
  query.add_unless_empty("labelSelector", options.label_selector);
  query.add_unless_empty("fieldSelector", options.field_selector);
  if (!options.resource_version.empty()) {
    query.add("resourceVersion", options.resource_version);
    // Without it a limit would make a resourceVersion mean "exactly this one".
    if (options.limit > 0) query.add("resourceVersionMatch", "NotOlderThan");
  }
  if (options.limit > 0) query.add("limit", std::to_string(options.limit));
  query.add_unless_empty("continue", options.continue_token);
  return query.take();
}

std::string watch_target(const Collection& collection, const WatchOptions& options) {
  Query query(collection_path(collection));
  query.add("watch", "true");
  query.add_unless_empty("labelSelector", options.label_selector);
  query.add_unless_empty("fieldSelector", options.field_selector);
  query.add_unless_empty("resourceVersion", options.resource_version);
  if (options.bookmarks) query.add("allowWatchBookmarks", "true");
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(options.timeout).count();
  query.add("timeoutSeconds", std::to_string(std::max<std::int64_t>(seconds, 1)));
  return query.take();
}

std::string create_target(const Collection& collection, const WriteOptions& options,
                          std::optional<Duration> timeout) {
  Query query(collection_path(collection));
  add_write_options(query, options, timeout);
  return query.take();
}

std::string write_target(const ObjectRef& ref, const WriteOptions& options, bool apply,
                         std::optional<Duration> timeout) {
  Query query(object_path(ref, options.subresource));
  if (apply && options.force) query.add("force", "true");
  add_write_options(query, options, timeout);
  return query.take();
}

std::string remove_target(const ObjectRef& ref, std::optional<Duration> timeout) {
  Query query(object_path(ref, {}));
  add_timeout(query, timeout);
  return query.take();
}

std::string_view content_type_of(PatchType type) {
  switch (type) {
    case PatchType::Merge:
      return "application/merge-patch+json";
    case PatchType::Json:
      return "application/json-patch+json";
    case PatchType::Strategic:
      return "application/strategic-merge-patch+json";
    case PatchType::Apply:
      return "application/apply-patch+yaml";
  }
  return "application/merge-patch+json";
}

std::string remove_body(const RemoveOptions& options) {
  std::string_view policy = "Background";
  if (options.propagation == Propagation::Foreground) policy = "Foreground";
  if (options.propagation == Propagation::Orphan) policy = "Orphan";
  JsonBuilder body;
  body.begin_object()
      .member("apiVersion", "v1")
      .member("kind", "DeleteOptions")
      .member("propagationPolicy", policy);
  if (!options.uid.empty() || !options.resource_version.empty()) {
    body.key("preconditions").begin_object();
    body.member_unless_empty("uid", options.uid)
        .member_unless_empty("resourceVersion", options.resource_version);
    body.end_object();
  }
  if (options.dry_run) body.key("dryRun").begin_array().string("All").end_array();
  body.end_object();
  return write_json(body.take());
}

Duration server_timeout(Duration left) {
  const Duration rest = left > 2 * kServerSlack ? left - kServerSlack : left / 2;
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(rest);
  return std::max<Duration>(ms, std::chrono::milliseconds(1));
}

Status decode_status(JsonView status, int code) {
  const auto stated = static_cast<int>(status["code"].int64(0));
  const int final_code = stated >= 400 && stated < 600 ? stated : code;
  std::string reason(status["reason"].string());
  if (reason.empty()) reason = std::string(reason_of(final_code, false));
  const JsonView from = status["details"];
  StatusDetails details;
  details.name = std::string(from["name"].string());
  details.group = std::string(from["group"].string());
  details.kind = std::string(from["kind"].string());
  details.uid = std::string(from["uid"].string());
  details.retry_after_seconds =
      static_cast<int>(std::clamp<std::int64_t>(from["retryAfterSeconds"].int64(), 0, 86400));
  for (const JsonView cause : from["causes"].elements()) {
    StatusCause c;
    c.reason = std::string(cause["reason"].string());
    c.message = std::string(cause["message"].string());
    c.field = std::string(cause["field"].string());
    details.causes.push_back(std::move(c));
  }
  std::string message(status["message"].string());
  if (message.empty()) message = fmt::format("the server answered {} {}", final_code, reason);
  return {final_code, reason, std::move(message), std::move(details)};
}

Status decode_error(int code, std::string_view body, std::string_view retry_after, bool creating) {
  const int error_code = code >= 400 ? code : 500;  // a redirect, say, where an answer was expected
  Status status;
  const Result<Json> parsed = Json::parse(body);
  if (parsed.ok() && (*parsed)["kind"].string() == "Status" && (*parsed)["status"].string() != "Success") {
    status = decode_status(*parsed, error_code);
  } else {
    const std::string text = excerpt(body);
    status = Status(error_code, reason_of(error_code, creating),
                    text.empty() ? fmt::format("the server answered HTTP {} without a body", code)
                                 : fmt::format("the server answered HTTP {}: {}", code, text));
  }
  int seconds = 0;
  const auto [end, problem] =
      std::from_chars(retry_after.data(), retry_after.data() + retry_after.size(), seconds);
  if (problem == std::errc() && end == retry_after.data() + retry_after.size() && seconds > 0)
    status.mutable_details().retry_after_seconds = std::min(seconds, 86400);
  return status;
}

Result<ListPage> decode_list(std::string_view body) {
  Result<Json> parsed = Json::parse(body);
  if (!parsed.ok()) return internal_error("the server's list is not JSON: " + parsed.status().message());
  const Json list = std::move(parsed).value();
  const std::string_view list_kind = list["kind"].string();
  if (!list_kind.ends_with("List") || !list["metadata"].is_object())
    return internal_error(fmt::format("expected a list, the server sent kind \"{}\"", list_kind));
  const std::string_view kind = list_kind.substr(0, list_kind.size() - 4);
  const std::string_view api_version = list["apiVersion"].string();
  ListPage page;
  page.resource_version = std::string(list["metadata"]["resourceVersion"].string());
  page.continue_token = std::string(list["metadata"]["continue"].string());
  page.items.reserve(list["items"].size());
  for (const JsonView item : list["items"].elements()) {
    if (item.contains("kind") && item.contains("apiVersion")) {
      page.items.push_back(item.to_json());
      continue;
    }
    JsonBuilder whole;
    whole.begin_object().member("apiVersion", api_version).member("kind", kind);
    for (const JsonMember member : item.members())
      if (member.key != "kind" && member.key != "apiVersion") whole.member(member.key, member.value);
    page.items.push_back(whole.end_object().take());
  }
  return page;
}

Result<WatchEvent> decode_event(std::string_view line) {
  Result<Json> parsed = Json::parse(line);
  if (!parsed.ok()) return internal_error("a line of the watch is not JSON: " + parsed.status().message());
  const Json event = std::move(parsed).value();
  const std::string_view type = event["type"].string();
  const JsonView object = event["object"];
  if (type == "ERROR") return decode_status(object, 500);
  if (!object.is_object())
    return internal_error(fmt::format("a watch event of type \"{}\" has no object", type));
  if (type == "ADDED") return WatchEvent{WatchEvent::Type::Added, object.to_json()};
  if (type == "MODIFIED") return WatchEvent{WatchEvent::Type::Modified, object.to_json()};
  if (type == "DELETED") return WatchEvent{WatchEvent::Type::Deleted, object.to_json()};
  if (type == "BOOKMARK") return WatchEvent{WatchEvent::Type::Bookmark, object.to_json()};
  return internal_error(fmt::format("a watch event of unknown type \"{}\"", excerpt(type)));
}

Status LineSplitter::push(std::string_view piece) {
  if (at_ == buffer_.size()) {
    buffer_.clear();
    at_ = scanned_ = 0;
  } else if (at_ > buffer_.size() / 2) {
    buffer_.erase(0, at_);
    scanned_ -= at_;
    at_ = 0;
  }
  buffer_ += piece;
  const std::size_t end = buffer_.find('\n', scanned_);
  if (end == std::string::npos) scanned_ = buffer_.size();
  const std::size_t length = (end == std::string::npos ? buffer_.size() : end) - at_;
  if (length > max_line_)
    return too_large(fmt::format("an event of the watch is larger than {} bytes", max_line_));
  return {};
}

std::optional<std::string> LineSplitter::next() {
  while (true) {
    const std::size_t end = buffer_.find('\n', scanned_);
    if (end == std::string::npos) {
      scanned_ = buffer_.size();
      return std::nullopt;
    }
    std::string line = buffer_.substr(at_, end - at_);
    at_ = scanned_ = end + 1;
    if (line.ends_with('\r')) line.pop_back();
    if (!line.empty()) return line;
  }
}

}  // namespace heirloom::kube::wire
