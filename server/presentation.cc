#include "server/presentation.h"

#include <utility>

#include "server/table.h"

namespace heirloom::server {
namespace {

Json list_metadata(const ListContent& list) {
  JsonBuilder out;
  out.begin_object().member("resourceVersion", list.resource_version);
  out.member_unless_empty("continue", list.continue_token);
  if (list.remaining) out.member("remainingItemCount", *list.remaining);
  out.end_object();
  return out.take();
}

TableObject included(const Rendering& rendering) {
  if (rendering.include_object == "None") return TableObject::None;
  if (rendering.include_object == "Object") return TableObject::Object;
  return TableObject::Metadata;
}

// What a shape needs to know, also later, while a watch runs.
struct Shaper {
  ResourcePtr resource;
  const ResourceVersionInfo* version = nullptr;
  Rendering rendering;
  Clock* clock = nullptr;
  std::string api_version;  // of the meta group

  Json table(std::span<const JsonView> objects, JsonView metadata, bool headers) const {
    TableOptions options;
    options.api_version = api_version;
    options.include = included(rendering);
    options.headers = headers;
    options.now = clock->now();
    return table_of(*resource, *version, objects, metadata, options);
  }

  Json one(const Json& object, bool headers) const {
    if (rendering.shape == Shape::PartialMetadata) return partial_metadata(object, rendering.meta_version);
    const JsonView view = object.view();
    const Json metadata = Json::object({{"resourceVersion", view["metadata"]["resourceVersion"].string()}});
    return table(std::span<const JsonView>(&view, 1), metadata, headers);
  }
};

class ShapedStream final : public EventStream {
 public:
  ShapedStream(std::unique_ptr<EventStream> events, Shaper shaper)
      : events_(std::move(events)), shaper_(std::move(shaper)) {}

  Task<std::optional<StreamEvent>> next() override {
    auto event = co_await events_->next();
    if (event && event->type != "ERROR") {
      event->object = shaper_.one(event->object, headers_);
      headers_ = false;
    }
    co_return event;
  }

 private:
  std::unique_ptr<EventStream> events_;
  Shaper shaper_;
  bool headers_ = true;
};

void shape_list(const Shaper& shaper, Response& response) {
  auto& list = *response.list;
  if (shaper.rendering.shape == Shape::PartialMetadata) {
    list.kind = "PartialObjectMetadataList";
    list.api_version = shaper.api_version;
    list.bare_items = false;
    for (auto& item : list.items) item = partial_metadata(item, shaper.rendering.meta_version);
    return;
  }
  std::vector<JsonView> objects;
  objects.reserve(list.items.size());
  for (const auto& item : list.items) objects.push_back(item.view());
  const Json metadata = list_metadata(list);
  response.body = shaper.table(objects, metadata, true);
  response.list.reset();
}

}  // namespace

Json partial_metadata(JsonView object, std::string_view meta_version) {
  JsonBuilder out;
  out.begin_object().member("kind", "PartialObjectMetadata");
  out.member("apiVersion", "meta.k8s.io/" + std::string(meta_version));
  out.member("metadata", object["metadata"]).end_object();
  return out.take();
}

void present(Parts& parts, const Call& call, Response& response) {
  const auto& rendering = call.request.rendering;
  if (rendering.shape == Shape::Object) return;
  Shaper shaper;
  shaper.resource = call.resource;
  shaper.version = call.version;
  shaper.rendering = rendering;
  shaper.clock = parts.clock;
  shaper.api_version = "meta.k8s.io/" + rendering.meta_version;
  if (response.stream) {
    response.stream = std::make_unique<ShapedStream>(std::move(response.stream), std::move(shaper));
  } else if (response.list) {
    shape_list(shaper, response);
  } else if (response.body["kind"].string() == call.resource->kind) {
    // A Status (what a delete answers) keeps its shape.
    response.body = shaper.one(response.body, true);
  }
}

}  // namespace heirloom::server
