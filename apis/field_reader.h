// Reads typed members of a JSON object written by people, and remembers everything that is wrong with them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/status.h"

namespace heirloom {

// Missing and null members read as the default (empty string, false, 0, Missing). A member of another type is
// a fault: the default is returned, and the fault names its path: "spec.components[0].name". One reader per
// document; the views it returns borrow from that document.
class FieldReader {
 public:
  std::string string(JsonView parent, std::string_view key, std::string_view path);
  bool boolean(JsonView parent, std::string_view key, std::string_view path);
  std::int64_t int64(JsonView parent, std::string_view key, std::string_view path);
  std::vector<std::string> strings(JsonView parent, std::string_view key, std::string_view path);
  JsonView object(JsonView parent, std::string_view key, std::string_view path);
  JsonView array(JsonView parent, std::string_view key, std::string_view path);

  // For an element of an array: true when it is an object, otherwise a fault at `path`.
  bool is_object(JsonView element, std::string_view path);

  void fail(std::string path, std::string message, std::string_view reason = reasons::kFieldValueInvalid);
  bool ok() const { return causes_.empty(); }
  // Invalid with one cause per fault; the message starts with the subject ("Application default/web") and
  // shows the first faults. ok when there is none.
  Status status(std::string_view subject) const;

 private:
  JsonView typed(JsonView parent, std::string_view key, std::string_view path, JsonKind kind);

  std::vector<StatusCause> causes_;  // at most kMaxCauses
};

// "spec" and "components": "spec.components"; an empty parent gives the key alone.
std::string child_path(std::string_view parent, std::string_view key);
std::string element_path(std::string_view parent, std::size_t index);  // "spec.components[3]"

}  // namespace heirloom
