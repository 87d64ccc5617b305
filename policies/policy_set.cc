#include "policies/policy_set.h"

#include <algorithm>
#include <array>
#include <limits>

#include <fmt/format.h>

#include "apis/field_reader.h"
#include "apis/labels.h"

namespace heirloom::policies {

namespace {

constexpr std::array<std::string_view, 1> kRulesMember = {"rules"};
constexpr std::array<std::string_view, 1> kRuleMembers = {"selector"};
constexpr std::array<std::string_view, 5> kCollectMembers = {"applicationRevisionLimit", "keepLegacyResource",
                                                             "continueOnFailure", "order", "rules"};
constexpr std::array<std::string_view, 4> kCollectRuleMembers = {"selector", "strategy", "propagation",
                                                                 "keepNonEmptyNamespace"};

bool any_matches(const std::vector<Selector>& selectors, JsonView manifest) {
  return std::any_of(selectors.begin(), selectors.end(),
                     [&](const Selector& s) { return s.matches(manifest); });
}

// Reads policies one after the other into a set; arrays are appended, scalars of earlier policies win.
class Parser {
 public:
  explicit Parser(PolicySet& set) : set_(set) {}

  void add(const Policy& policy, std::size_t index) {
    std::vector<Selector>* selectors = selectors_of(policy.type);
    const bool collects = policy.type == "garbage-collect";
    if (!selectors && !collects) return;
    const std::string path = element_path("spec.policies", index) + ".properties";
    if (policy.properties.is_null()) {
      reader_.fail(path,
                   fmt::format("policy {} named {} must not have empty properties", policy.type, policy.name),
                   reasons::kFieldValueRequired);
      return;
    }
    if (selectors)
      add_selectors(policy.properties, path, *selectors);
    else
      add_collect(policy.properties, path);
  }

  Status status(const Application& application) const {
    return reader_.status("Application " + application.metadata.namespaced_name().to_string());
  }

 private:
  std::vector<Selector>* selectors_of(std::string_view type) {
    if (type == "shared-resource") return &set_.shared;
    if (type == "read-only") return &set_.read_only;
    if (type == "take-over") return &set_.take_over;
    return nullptr;
  }

  template <class Visit>
  void for_each_rule(JsonView properties, const std::string& path, std::span<const std::string_view> members,
                     Visit visit) {
    std::size_t index = 0;
    for (const JsonView rule : reader_.array(properties, "rules", path).elements()) {
      const std::string at = element_path(child_path(path, "rules"), index++);
      if (!reader_.is_object(rule, at)) continue;
      warn_of_unknown_members(rule, at, members, set_.warnings);
      visit(rule, at);
    }
  }

  void add_selectors(JsonView properties, const std::string& path, std::vector<Selector>& selectors) {
    warn_of_unknown_members(properties, path, kRulesMember, set_.warnings);
    for_each_rule(properties, path, kRuleMembers, [&](JsonView rule, const std::string& at) {
      selectors.push_back(decode_selector(reader_, rule, "selector", at, set_.warnings));
    });
  }

  void add_collect(JsonView properties, const std::string& path) {
    GarbageCollectPolicy& gc = set_.garbage_collect;
    warn_of_unknown_members(properties, path, kCollectMembers, set_.warnings);
    add_revision_limit(properties, path);
    gc.keep_legacy_resource |= reader_.boolean(properties, "keepLegacyResource", path);
    gc.continue_on_failure |= reader_.boolean(properties, "continueOnFailure", path);
    const std::string order = reader_.string(properties, "order", path);
    if (order == "dependency")
      gc.order_by_dependency = true;
    else if (!order.empty())
      unknown(path + ".order", order, "dependency");
    for_each_rule(properties, path, kCollectRuleMembers, [&](JsonView rule, const std::string& at) {
      CollectRule read;
      read.selector = decode_selector(reader_, rule, "selector", at, set_.warnings);
      read.strategy = strategy(rule, at);
      read.propagation = propagation(rule, at);
      read.keep_non_empty_namespace = reader_.boolean(rule, "keepNonEmptyNamespace", at);
      gc.rules.push_back(std::move(read));
    });
  }

  void add_revision_limit(JsonView properties, const std::string& path) {
    const bool given = properties["applicationRevisionLimit"].exists();
    const std::int64_t limit = reader_.int64(properties, "applicationRevisionLimit", path);
    if (!given || properties["applicationRevisionLimit"].is_null()) return;
    if (limit < 0) {
      set_.warnings.push_back(path + ".applicationRevisionLimit: a negative limit is ignored");
      return;
    }
    std::optional<int>& kept = set_.garbage_collect.application_revision_limit;
    if (!kept) kept = static_cast<int>(std::min<std::int64_t>(limit, std::numeric_limits<int>::max()));
  }

  // Collecting in another way than meant loses data, so what is not understood is a fault.
  std::optional<CollectStrategy> strategy(JsonView rule, const std::string& path) {
    const std::string text = reader_.string(rule, "strategy", path);
    if (text == "onAppUpdate") return CollectStrategy::OnAppUpdate;
    if (text == "onAppDelete") return CollectStrategy::OnAppDelete;
    if (text == "never") return CollectStrategy::Never;
    if (!text.empty()) unknown(path + ".strategy", text, "onAppUpdate, onAppDelete or never");
    return std::nullopt;
  }

  CollectPropagation propagation(JsonView rule, const std::string& path) {
    const std::string text = reader_.string(rule, "propagation", path);
    if (text == "orphan") return CollectPropagation::Orphan;
    if (text == "cascading") return CollectPropagation::Cascading;
    if (!text.empty()) unknown(path + ".propagation", text, "orphan or cascading");
    return CollectPropagation::Unset;
  }

  void unknown(std::string path, const std::string& text, std::string_view supported) {
    reader_.fail(std::move(path), fmt::format("\"{}\" is not one of: {}", text, supported),
                 reasons::kFieldValueNotSupported);
  }

  PolicySet& set_;
  FieldReader reader_;
};

}  // namespace

ObjectPolicies PolicySet::of(JsonView manifest) const {
  return {any_matches(shared, manifest), any_matches(read_only, manifest), any_matches(take_over, manifest)};
}

CollectStrategy PolicySet::collect_strategy(JsonView manifest) const {
  for (const CollectRule& rule : garbage_collect.rules)
    if (rule.selector.matches(manifest)) return rule.strategy.value_or(CollectStrategy::OnAppUpdate);
  return CollectStrategy::OnAppUpdate;
}

CollectPropagation PolicySet::propagation(JsonView manifest) const {
  for (const CollectRule& rule : garbage_collect.rules)
    if (rule.propagation != CollectPropagation::Unset && rule.selector.matches(manifest))
      return rule.propagation;
  return CollectPropagation::Unset;
}

bool PolicySet::releases(JsonView manifest, bool skip_gc) const {
  return orphan || skip_gc || propagation(manifest) == CollectPropagation::Orphan;
}

LeavePolicy PolicySet::leave_policy(JsonView manifest, bool skip_gc) const {
  LeavePolicy policy;
  policy.release = releases(manifest, skip_gc);
  policy.cascading = propagation(manifest) == CollectPropagation::Cascading;
  policy.keep_non_empty_namespace =
      std::any_of(garbage_collect.rules.begin(), garbage_collect.rules.end(), [&](const CollectRule& rule) {
        return rule.keep_non_empty_namespace && rule.selector.matches(manifest);
      });
  return policy;
}

Result<PolicySet> parse_policies(const Application& application) {
  PolicySet set;
  Parser parser(set);
  for (std::size_t i = 0; i < application.spec.policies.size(); ++i)
    parser.add(application.spec.policies[i], i);
  TRY_VOID(parser.status(application));
  set.orphan = application.metadata.has_finalizer(finalizers::kOrphan);
  set.service_account = application.metadata.annotation(annotations::kServiceAccountName);
  return set;
}

}  // namespace heirloom::policies
