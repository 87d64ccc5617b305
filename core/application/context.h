// What every pass of one controller instance shares. Owned by core/controller.h.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "apis/application.h"
#include "apis/sharer_key.h"
#include "dispatcher/dispatcher.h"
#include "dispatcher/environment.h"
#include "dispatcher/kind_watches.h"
#include "dispatcher/object_table.h"
#include "dispatcher/sharers.h"
#include "dispatcher/tracker_book.h"
#include "dispatcher/version.h"

namespace heirloom::core {

struct ControllerOptions {
  Duration resync = std::chrono::minutes(5);  // a safety net: costs nothing when nothing changed
  int workers = 8;
  std::string controller_version;             // for the annotation app.oam.dev/controller-version-require
  std::string instance;                       // of this process, for Events
  std::string own_namespace;                  // the controller's own, where it runs in a cluster: no claim may have it
  dispatcher::Options dispatcher;
};

// What the process remembers of one application between passes. Losing it costs requests, never truth.
struct ApplicationMemory {
  std::string uid;
  std::shared_ptr<dispatcher::Memory> objects = std::make_shared<dispatcher::Memory>();
  std::optional<dispatcher::Version> kept;  // the version before, while a conflict stands in the way of the present one
  std::uint64_t policies_hash = 0;          // of the policies that `objects` was verified with
};

struct Context {
  const dispatcher::Environment* environment;
  const ControllerOptions* options;
  dispatcher::ObjectTable* table;
  dispatcher::Sharers* sharers;
  dispatcher::KindWatches* watches;
  dispatcher::Dispatcher* dispatcher;
  dispatcher::TrackerBook* trackers;
  std::map<SharerKey, ApplicationMemory> memories;
};

}  // namespace heirloom::core
