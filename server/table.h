// Tables: what `kubectl get` shows (meta.k8s.io/v1 Table). Pure.
#pragma once

#include <span>
#include <string_view>

#include "base/clock.h"
#include "base/json.h"
#include "server/resource.h"

namespace heirloom::server {

// includeObject: what each row carries.
enum class TableObject { None, Metadata, Object };

struct TableOptions {
  std::string_view api_version = "meta.k8s.io/v1";  // or meta.k8s.io/v1beta1
  TableObject include = TableObject::Metadata;
  bool headers = true;  // a watch sends column definitions with its first event only
  WallTime now;         // ages are relative to it
};

// A Table of the objects (as stored, in this version). `list_metadata`: the list's metadata, or the object's
// resourceVersion for a single one.
Json table_of(const Resource& resource, const ResourceVersionInfo& version, std::span<const JsonView> objects,
              JsonView list_metadata, const TableOptions& options);

// "3d4h", "10m", "5s": ages as kubectl prints them.
std::string human_age(Duration age);

}  // namespace heirloom::server
