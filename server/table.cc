#include "server/table.h"

#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "server/table_cells.h"

namespace heirloom::server {
namespace {

constexpr std::string_view kNameDescription =
    "Name must be unique within a namespace. Is required when creating resources.";

bool names_itself(const ResourceVersionInfo& version) {
  return std::any_of(version.columns.begin(), version.columns.end(),
                     [](const PrinterColumn& column) { return column.computed == "name"; });
}

void write_definition(JsonBuilder& out, std::string_view name, std::string_view type, std::string_view format,
                      std::string_view description, int priority) {
  out.begin_object().member("name", name).member("type", type).member("format", format);
  out.member("description", description).member("priority", priority).end_object();
}

void write_definitions(JsonBuilder& out, const ResourceVersionInfo& version) {
  if (!names_itself(version)) write_definition(out, "Name", "string", "name", kNameDescription, 0);
  for (const PrinterColumn& column : version.columns)
    write_definition(out, column.name, column.type, column.format, column.description, column.priority);
}

void write_object(JsonBuilder& out, JsonView object, const TableOptions& options) {
  switch (options.include) {
    case TableObject::None:
      out.null();
      break;
    case TableObject::Object:
      out.value(object);
      break;
    case TableObject::Metadata:
      out.begin_object().member("kind", "PartialObjectMetadata").member("apiVersion", options.api_version);
      if (object["metadata"].exists()) out.member("metadata", object["metadata"]);
      out.end_object();
      break;
  }
}

void write_row(JsonBuilder& out, const Resource& resource, const ResourceVersionInfo& version,
               JsonView object, const TableOptions& options) {
  out.begin_object().key("cells").begin_array();
  if (!names_itself(version)) out.string(object["metadata"]["name"].string());
  for (const PrinterColumn& column : version.columns)
    write_cell(out, column, object, resource.custom, options.now);
  out.end_array().key("object");
  write_object(out, object, options);
  out.end_object();
}

}  // namespace

Json table_of(const Resource& resource, const ResourceVersionInfo& version, std::span<const JsonView> objects,
              JsonView list_metadata, const TableOptions& options) {
  JsonBuilder out;
  out.begin_object().member("kind", "Table").member("apiVersion", options.api_version);
  out.key("metadata");
  if (list_metadata.exists()) {
    out.value(list_metadata);
  } else {
    out.begin_object().end_object();
  }
  out.key("columnDefinitions");
  if (options.headers) {
    out.begin_array();
    write_definitions(out, version);
    out.end_array();
  } else {
    out.null();
  }
  out.key("rows").begin_array();
  for (const JsonView object : objects) write_row(out, resource, version, object, options);
  out.end_array().end_object();
  return out.take();
}

// Units get coarser with age, as kubectl's own.
std::string human_age(Duration age) {
  using std::chrono::duration_cast;
  const std::int64_t seconds = duration_cast<std::chrono::seconds>(age).count();
  // Clocks differ a little; an object from far in the future is another matter.
  if (seconds < -1) return "<invalid>";
  if (seconds < 0) return "0s";
  constexpr std::int64_t kMinute = 60, kHour = 60 * kMinute, kDay = 24 * kHour, kYear = 365 * kDay;
  const auto two = [](std::int64_t big, const char* big_unit, std::int64_t small, const char* small_unit) {
    return small == 0 ? fmt::format("{}{}", big, big_unit)
                      : fmt::format("{}{}{}{}", big, big_unit, small, small_unit);
  };
  if (seconds < 2 * kMinute) return fmt::format("{}s", seconds);
  const std::int64_t minutes = seconds / kMinute;
  if (minutes < 10) return two(minutes, "m", seconds % kMinute, "s");
  if (minutes < 3 * 60) return fmt::format("{}m", minutes);
  const std::int64_t hours = seconds / kHour;
  if (hours < 8) return two(hours, "h", minutes % 60, "m");
  if (hours < 48) return fmt::format("{}h", hours);
  if (hours < 8 * 24) return two(hours / 24, "d", hours % 24, "h");
  if (hours < 2 * 365 * 24) return fmt::format("{}d", hours / 24);
  if (hours < 8 * 365 * 24) return two(hours / (365 * 24), "y", hours / 24 % 365, "d");
  return fmt::format("{}y", seconds / kYear);
}

}  // namespace heirloom::server
