#include "apis/compact_schema.h"

#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/yaml.h"

namespace heirloom {
namespace {

using Reader = CompactSchema::Reader;

std::string_view next_word(std::string_view& text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  const std::string_view word = text.substr(0, text.find(' '));
  text.remove_prefix(word.size());
  return word;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (;;) {
    const std::size_t end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == text.npos) return parts;
    text.remove_prefix(end + 1);
  }
}

// False when the word is no attribute.
bool read_attribute(std::string_view word, CompactField& field) {
  const std::size_t equals = word.find('=');
  const std::string_view name = word.substr(0, equals);
  const std::string_view value = equals == word.npos ? std::string_view() : word.substr(equals + 1);
  if (name == "merge") {
    field.merge = true;
    field.merge_key = value;
  } else if (name == "keys" && !value.empty()) {
    field.map_keys = split(value, ',');
  } else if (name == "enum" && !value.empty()) {
    field.values = split(value, '|');
  } else if (word == "set" || word == "atomic") {
    field.list_type = word;
  } else if (word == "retain-keys") {
    field.retain_keys = true;
  } else if (word == "lenient") {
    field.lenient = true;
  } else {
    return false;
  }
  return true;
}

void write_scalar(std::string_view type, Reader reader, JsonBuilder& out) {
  if (type == "string" || type == "boolean") {
    out.member("type", type);
  } else if (type == "int32" || type == "int64") {
    out.member("type", "integer").member("format", type);
  } else if (type == "double") {
    out.member("type", "number").member("format", "double");
  } else if (type == "quantity") {
    if (reader == Reader::Clients) out.member("type", "string");
    out.member("format", "quantity");
  } else if (type == "int-or-string") {
    if (reader == Reader::Clients) out.member("type", "string").member("format", "int-or-string");
    out.member("x-kubernetes-int-or-string", true);
  } else if (type == "time" || type == "microtime") {
    // Clients are told one format; we must know which times keep their microseconds.
    const bool micro = type == "microtime" && reader == Reader::Compiler;
    out.member("type", "string").member("format", micro ? "micro-time" : "date-time");
  } else if (type == "bytes") {
    out.member("type", "string").member("format", "byte");
  } else {
    out.member("x-kubernetes-preserve-unknown-fields", true);
  }
}

// Writes types as nested OpenAPI objects. Members are written into an object that the caller opened.
class Writer {
 public:
  Writer(const CompactSchema& schema, JsonView overrides, Reader reader)
      : types_(schema.types()), overrides_(overrides), reader_(reader) {}

  Result<Json> kind(std::string_view type) {
    out_.begin_object().member("type", "object");
    if (reader_ == Reader::Compiler) out_.member("x-kubernetes-embedded-resource", true);
    write_required(fields_of(type));
    out_.key("properties").begin_object();
    write_string("apiVersion");
    write_string("kind");
    out_.key("metadata").begin_object().member("type", "object").end_object();
    write_fields(fields_of(type), "");
    out_.end_object().end_object();
    if (!error_.ok()) return error_;
    return out_.take();
  }

  Result<Json> part(std::string_view type) {
    out_.begin_object().member("type", "object");
    write_required(fields_of(type));
    out_.key("properties").begin_object();
    write_fields(fields_of(type), "");
    out_.end_object().end_object();
    if (!error_.ok()) return error_;
    return out_.take();
  }

 private:
  const std::vector<CompactField>* fields_of(std::string_view type) const {
    const auto it = types_.find(std::string(type));
    return it == types_.end() ? nullptr : &it->second;
  }

  void write_string(std::string_view name) {
    out_.key(name).begin_object().member("type", "string").end_object();
  }

  void write_fields(const std::vector<CompactField>* fields, const std::string& path) {
    if (fields == nullptr) return;
    for (const CompactField& field : *fields) {
      const std::string at = path.empty() ? field.name : path + "." + field.name;
      const JsonView override_text = overrides_[at];
      if (!override_text.exists()) {
        write_field(field, at);
        continue;
      }
      auto replaced = parse_compact_field(field.name, override_text.string());
      if (!replaced.ok()) {
        error_ = replaced.status();
        return;
      }
      write_field(*replaced, at);
    }
  }

  void write_field(const CompactField& field, const std::string& path) {
    out_.key(field.name).begin_object();
    write_rules(field);
    if (field.default_value) {
      if (field.default_value->is_null()) out_.member("nullable", true);
      // Clients treat a default as a promise about absent fields; null promises nothing.
      if (!field.default_value->is_null() || reader_ == Reader::Compiler)
        out_.member("default", *field.default_value);
    }
    switch (field.shape) {
      case CompactField::Shape::Single:
        write_value(field, path);
        break;
      case CompactField::Shape::List:
        out_.member("type", "array").key("items").begin_object();
        write_value(field, path);
        out_.end_object();
        break;
      case CompactField::Shape::Map:
        out_.member("type", "object").key("additionalProperties").begin_object();
        write_value(field, path);
        out_.end_object();
        break;
    }
    out_.end_object();
  }

  void write_rules(const CompactField& field) {
    if (field.merge || field.retain_keys) {
      std::string strategy = field.merge ? "merge" : "";
      if (field.retain_keys) strategy += strategy.empty() ? "retainKeys" : ",retainKeys";
      out_.member("x-kubernetes-patch-strategy", strategy);
    }
    out_.member_unless_empty("x-kubernetes-patch-merge-key", field.merge_key);
    if (!field.map_keys.empty()) {
      out_.member("x-kubernetes-list-type", "map").key("x-kubernetes-list-map-keys").begin_array();
      for (const std::string& key : field.map_keys) out_.string(key);
      out_.end_array();
    } else {
      out_.member_unless_empty("x-kubernetes-list-type", field.list_type);
    }
  }

  void write_value(const CompactField& field, const std::string& path) {
    if (!field.values.empty()) {
      out_.key("enum").begin_array();
      for (const std::string& value : field.values) out_.string(value);
      out_.end_array();
    }
    const auto* fields = fields_of(field.type);
    if (fields == nullptr) {
      if (field.type[0] >= 'A' && field.type[0] <= 'Z') out_.member("type", "object");
      write_scalar(field.type, reader_, out_);
      return;
    }
    out_.member("type", "object");
    if (field.type == "LabelSelector") out_.member("x-kubernetes-map-type", "atomic");
    write_required(fields);
    out_.key("properties").begin_object();
    write_fields(fields, path);
    out_.end_object();
  }

  void write_required(const std::vector<CompactField>* fields) {
    if (fields == nullptr) return;
    std::vector<std::string_view> required;
    for (const CompactField& field : *fields)
      if (field.required && (reader_ == Reader::Clients || !field.lenient)) required.push_back(field.name);
    if (required.empty()) return;
    out_.key("required").begin_array();
    for (const std::string_view name : required) out_.string(name);
    out_.end_array();
  }

  const std::map<std::string, std::vector<CompactField>>& types_;
  JsonView overrides_;
  Reader reader_;
  JsonBuilder out_;
  Status error_;
};

}  // namespace

Result<CompactField> parse_compact_field(std::string_view name, std::string_view text) {
  const auto wrong = [&](std::string_view what) {
    return bad_request(fmt::format("field {} (\"{}\"): {}", name, text, what));
  };
  CompactField field;
  field.name = name;
  std::string_view rest = text;
  std::string_view type = next_word(rest);
  if (type == "list" || type == "map") {
    field.shape = type == "list" ? CompactField::Shape::List : CompactField::Shape::Map;
    type = next_word(rest);
  }
  if (type.ends_with('!')) {
    field.required = true;
    type.remove_suffix(1);
  }
  if (type.empty()) return wrong("has no type");
  field.type = type;
  for (std::string_view word = next_word(rest); !word.empty(); word = next_word(rest)) {
    if (word == "=") {
      auto document = parse_yaml(fmt::format("value:{}", rest));  // a bare null would be no document
      if (!document.ok()) return wrong(document.status().message());
      field.default_value = document->view()["value"].to_json();
      return field;
    }
    if (!read_attribute(word, field)) return wrong(fmt::format("\"{}\" is no attribute", word));
  }
  return field;
}

Result<CompactSchema> CompactSchema::parse(std::span<const EmbeddedFile> files) {
  CompactSchema schema;
  for (const EmbeddedFile& file : files)
    if (const Status status = schema.read_file(file); !status.ok()) return annotate(status, file.name);
  TRY_VOID(schema.check_cycles());
  return schema;
}

Status CompactSchema::read_file(const EmbeddedFile& file) {
  TRY(const Json document, parse_yaml(file.content));
  for (const JsonMember type : document["types"].members()) {
    std::vector<CompactField> fields;
    for (const JsonMember member : type.value.members()) {
      auto field = parse_compact_field(member.key, member.value.string());
      if (!field.ok()) return annotate(field.status(), type.key);
      fields.push_back(std::move(field).value());
    }
    if (!types_.emplace(type.key, std::move(fields)).second)
      return bad_request(fmt::format("type {} is described twice", type.key));
  }
  for (const JsonView kind : document["kinds"].elements()) kinds_.push_back(kind.to_json());
  return {};
}

// Nested OpenAPI cannot say a type that contains itself.
Status CompactSchema::check_cycles() const {
  std::set<std::string_view> finished;
  std::vector<std::pair<const std::string*, std::size_t>> open;  // type, next field
  std::set<std::string_view> on_path;
  for (const auto& type : types_) {
    if (finished.count(type.first) != 0) continue;
    open.emplace_back(&type.first, 0);
    on_path.insert(type.first);
    while (!open.empty()) {
      const std::string& name = *open.back().first;
      const auto& fields = types_.at(name);
      if (open.back().second == fields.size()) {
        on_path.erase(name);
        finished.insert(name);
        open.pop_back();
        continue;
      }
      const auto next = types_.find(fields[open.back().second++].type);
      if (next == types_.end() || finished.count(next->first) != 0) continue;
      if (!on_path.insert(next->first).second)
        return bad_request(fmt::format("type {} contains itself", next->first));
      open.emplace_back(&next->first, 0);
    }
  }
  return {};
}

Result<Json> CompactSchema::openapi(std::string_view type, JsonView overrides, Reader reader) const {
  if (types_.count(std::string(type)) == 0) return bad_request(fmt::format("type {} is not described", type));
  return Writer(*this, overrides, reader).kind(type);
}

Result<Json> CompactSchema::part_openapi(std::string_view type) const {
  if (types_.count(std::string(type)) == 0) return bad_request(fmt::format("type {} is not described", type));
  return Writer(*this, JsonView(), Reader::Clients).part(type);
}

}  // namespace heirloom
