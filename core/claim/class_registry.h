// ClassRegistry: which ClaimClass serves which kind of claims, out of all the classes there are and those built in.
// Values only: fed with objects, asked for answers.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apis/claim_class.h"
#include "apis/labels.h"
#include "base/json.h"
#include "base/status.h"

namespace heirloom::core {

// A class as it stands, and whether it serves.
struct KnownClass {
  ClaimClass claim_class;  // of one that cannot be read: its metadata alone
  Status fault;            // why it does not serve; ok: it does
  bool built_in = false;   // there is no object
  // Nobody's but ours, with or without an object: no reason for anybody's definition to stay.
  bool is_ours() const { return built_in || claim_class.metadata.labels.contains(labels::kBuiltIn); }
  bool serves() const { return fault.ok() && !claim_class.metadata.is_deleting(); }
};

class ClassRegistry {
 public:
  // `built_in`: served as long as no object serves their kinds. Invalid ones are a bug.
  explicit ClassRegistry(std::vector<ClaimClass> built_in);

  // All ClaimClass objects, as last seen. Returns the claim kinds (SharerKey::kind) whose class is another, or reads
  // differently, from now on.
  std::vector<std::string> update(const std::vector<Json>& objects);

  // The class that serves the kind, or would, were it not for its fault or deletion; nullptr: there is none.
  const KnownClass* of_kind(const std::string& sharer_kind) const;
  // By the name of the object; also of a class that does not serve; nullptr: no such object. Not built-in ones.
  const KnownClass* named(const std::string& name) const;
  std::vector<std::string> kinds() const;
  const std::vector<ClaimClass>& built_in() const { return built_in_; }

 private:
  std::vector<ClaimClass> built_in_;
  std::map<std::string, KnownClass> by_name_;
  std::map<std::string, KnownClass> by_kind_;
};

// Those of apis/classes that belong into every cluster.
std::vector<ClaimClass> built_in_claim_classes();
// One of them as an object to be created, marked as made by the controller. nullopt: none has this name.
std::optional<Json> built_in_class_object(std::string_view name);

}  // namespace heirloom::core
