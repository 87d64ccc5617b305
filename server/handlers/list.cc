#include <string>

#include "server/continue_token.h"
#include "server/conversion.h"
#include "server/errors.h"
#include "server/handlers/handlers.h"
#include "server/keys.h"
#include "server/resource_version.h"
#include "server/selection.h"

namespace heirloom::server {
namespace {

// How many objects one request for a page looks at between two store reads when a selector hides most of
// them.
constexpr std::size_t kScanBatch = 500;

// 410 with a token that goes on from the same key at the newest state: clients that can live with an
// inconsistent list take it (Kubernetes API concepts, "410 Gone responses").
Status expired_continue() {
  return expired_revision(
      "The provided continue parameter is too old to display a consistent list result. You can start a new "
      "list "
      "without the continue parameter.");
}

struct Page {
  std::vector<Json> items;
  Revision revision = 0;
  std::string next;  // key
  std::size_t remaining = 0;
};

struct PageRequest {
  std::string selection;  // of the store
  std::string start;      // key; "" from the beginning
  Revision at = 0;
  std::size_t limit = 0;
};

// Reads until the page is full or the selection ends; with a selector a page may take several store reads.
Result<Page> read_page(Parts& parts, const Call& call, const Selection& selection, PageRequest from) {
  Page page;
  StoreListOptions options;
  options.start = std::move(from.start);
  options.at = from.at;
  const bool filtered = !selection.everything();
  options.limit = from.limit == 0 ? 0 : (filtered ? std::max(from.limit, kScanBatch) : from.limit);
  while (true) {
    TRY(auto list, parts.store->list(from.selection, options));
    page.revision = list.revision;
    for (std::size_t i = 0; i < list.items.size(); ++i) {
      const auto& stored = list.items[i];
      if (from.limit > 0 && page.items.size() == from.limit) {
        page.next = stored->key;
        page.remaining = list.remaining + (list.items.size() - i);
        return page;
      }
      if (filtered && !selection.matches(stored->value)) continue;
      page.items.push_back(to_version(*call.resource, *call.version, stored->value));
    }
    page.next = list.next;
    page.remaining = list.remaining;
    if (list.next.empty() || (from.limit > 0 && page.items.size() == from.limit)) return page;
    options.start = list.next;
    options.at = list.revision;
  }
}

}  // namespace

Result<Response> handle_list(Parts& parts, const Call& call) {
  const auto& request = call.request;
  const auto& resource = *call.resource;
  TRY(const auto selection,
      Selection::parse(resource, request.read.label_selector, request.read.field_selector));
  TRY(const auto position, list_position(request.read));
  if (position.not_older > parts.store->revision()) {
    return too_large_resource_version(position.not_older, parts.store->revision());
  }
  const auto prefix = collection_prefix(resource, request.ns);
  PageRequest from;
  from.selection = prefix;
  from.at = position.at;
  from.limit = request.read.limit > 0 ? static_cast<std::size_t>(request.read.limit) : 0;
  if (!request.read.continue_token.empty()) {
    if (!request.read.resource_version.empty() && request.read.resource_version != "0") {
      return bad_request("specifying resource version is not allowed when using continue");
    }
    TRY(const auto token, decode_continue(request.read.continue_token));
    from.start = prefix + token.start;
    from.at = token.revision < 0 ? 0 : token.revision;
  }
  auto page = read_page(parts, call, selection, std::move(from));
  if (!page.ok()) {
    if (is_expired(page.status()) && !request.read.continue_token.empty()) return expired_continue();
    return page.status();
  }
  Response response;
  ListContent list;
  list.kind = resource.list_kind;
  list.api_version = GroupVersionKind{resource.group, call.version->name, resource.kind}.api_version();
  list.resource_version = std::to_string(page->revision);
  list.items = std::move(page->items);
  list.bare_items = !resource.custom;
  if (!page->next.empty()) {
    ContinueToken token;
    token.revision = page->revision;
    token.start = page->next.substr(prefix.size());
    list.continue_token = encode_continue(token);
    // How many of the rest a selector would keep is not known without reading them.
    if (selection.everything()) list.remaining = static_cast<std::int64_t>(page->remaining);
  }
  response.list = std::move(list);
  return response;
}

}  // namespace heirloom::server
