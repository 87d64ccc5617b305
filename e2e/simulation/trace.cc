#include "e2e/simulation/trace.h"

#include <cstdint>

#include <fmt/format.h>

#include "base/hash.h"
#include "e2e/simulation/declarations.h"

namespace heirloom::simulation {
namespace {

std::string meant_by(const Json& object) {
  std::string text;
  if (object["kind"].string() == "Application") {
    Life life;
    update(life, object);
    for (const auto& [key, declared] : life.declares)
      text += fmt::format(" {}{}{}{}", key, declared.shared ? "+" : "", declared.takes_over ? "!" : "",
                          declared.read_only ? "?" : "");
  }
  for (const JsonView resource : object["spec"]["managedResources"].elements())
    text += fmt::format(" {}/{}/{}", resource["kind"].string(), resource["namespace"].string(), resource["name"].string());
  if (!text.empty()) text = " [" + text.substr(1) + "]";
  const JsonView status = object["status"];
  if (status["status"].exists()) text += fmt::format(" {}@{}", status["status"].string(), status["observedGeneration"].int64());
  return text;
}

}  // namespace

std::string described(const Commit& commit) {
  const Json& object = commit.after.is_null() ? commit.before : commit.after;
  const JsonView metadata = object["metadata"];
  const JsonView labels = metadata["labels"];
  std::string text = commit.before.is_null() ? "+" : commit.after.is_null() ? "-" : "~";
  text += fmt::format("{} {} rv={} gen={}", commit.key, commit.by, commit.revision,
                      metadata["generation"].int64());
  if (metadata.contains("deletionTimestamp")) text += " deleting";
  if (labels.contains("app.oam.dev/name"))
    text += fmt::format(" of={}/{}", labels["app.oam.dev/namespace"].string(),
                        labels["app.oam.dev/name"].string());
  const JsonView annotations = metadata["annotations"];
  if (annotations.contains("app.oam.dev/shared-by"))
    text += fmt::format(" ledger={}", annotations["app.oam.dev/shared-by"].string());
  const Result<Json> record = Json::parse(annotations["heirloom.dev/record"].string("null"));
  if (!record.ok()) text += " record=broken";
  if (record.ok() && record->is_object()) text += fmt::format(" marks={}", write_json((*record)["sharers"]));
  if (object["data"].exists()) text += fmt::format(" data={}", write_json(object["data"]));
  text += meant_by(object);
  text += fmt::format(" #{:08x}", static_cast<std::uint32_t>(hash_json(object)));
  return text;
}

}  // namespace heirloom::simulation
