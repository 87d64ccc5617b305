#include "e2e/simulation/webhook.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include <fmt/format.h>

namespace heirloom::simulation {
namespace {

constexpr std::string_view kCount = "webhook.example.com/writes";
constexpr std::string_view kLabel = "webhook.example.com/seen";
constexpr std::string_view kInsistedOn = "version";  // as author.cc labels everything

struct Kind {
  std::string_view name;
  std::string_view content;  // where its fields are; "": it has none
  bool declared;             // by applications, as author.cc writes them
};
constexpr Kind kKinds[] = {
    {"ConfigMap", "data", true},      {"Namespace", "", true},    {"Secret", "data", true},
    {"Widget", "spec", true},         {"Application", "", false}, {"ResourceTracker", "", false},
    {"NamespaceClaim", "", false},
};

const Kind& kind_named(std::string_view name) {
  return *std::find_if(std::begin(kKinds), std::end(kKinds), [name](const Kind& kind) { return kind.name == name; });
}

Json sorted(JsonView list) {
  std::vector<std::string> texts;
  for (const JsonView element : list.elements()) texts.emplace_back(element.string());
  std::sort(texts.begin(), texts.end());
  JsonBuilder out;
  out.begin_array();
  for (const std::string& text : texts) out.string(text);
  out.end_array();
  return out.take();
}

}  // namespace

Webhook::Webhook(std::uint64_t seed) {
  SeededRandom random(seed ^ 0x3eb4ULL);
  static_assert(std::size(kKinds) == kTreated);
  constexpr Habit kHabits[] = {Habit::None, Habit::Label, Habit::Default, Habit::Insist, Habit::Forbid, Habit::Sort};
  for (std::size_t i = 0; i < std::size(kKinds); ++i) {
    const Kind& kind = kKinds[i];
    Treatment& treatment = treatments_[i];
    treatment.kind = kind.name;
    treatment.counts = random.below(3) == 0;
    // Of what nobody declares it only labels.
    const std::size_t choices = !kind.declared ? 2 : kind.content.empty() ? 4 : std::size(kHabits);
    treatment.habit = kHabits[random.below(choices)];
    if (treatment.habit == Habit::Default && kind.content.empty()) treatment.habit = Habit::Label;
    if (treatment.habit == Habit::Sort && kind.name != "Widget") treatment.habit = Habit::Forbid;
  }
}

const Webhook::Treatment* Webhook::treatment_of(std::string_view kind) const {
  for (const Treatment& treatment : treatments_)
    if (treatment.kind == kind) return &treatment;
  return nullptr;
}

Json Webhook::content(std::string_view kind, const Json& object) const {
  const Treatment* treatment = treatment_of(kind);
  if (treatment == nullptr) return object;
  const std::string place(kind_named(kind).content);
  const JsonView labels = object["metadata"]["labels"];
  const JsonView fields = object[place];
  std::vector<JsonEdit> edits;
  switch (treatment->habit) {
    case Habit::None:
      break;
    case Habit::Label:
      if (!labels.contains(kLabel)) edits.push_back(set_at({"metadata", "labels", std::string(kLabel)}, Json::string("yes")));
      break;
    case Habit::Default:
      if (!fields.contains("defaulted")) edits.push_back(set_at({place, "defaulted"}, Json::string("d2ViaG9vaw==")));
      break;
    case Habit::Insist:
      edits.push_back(set_at({"metadata", "labels", std::string(kInsistedOn)}, Json::string("webhook")));
      break;
    case Habit::Forbid:
      for (const std::string& part : {place, std::string("stringData")})  // which Secrets are declared with
        for (const auto& [name, value] : object[part].members())
          if (name.ends_with("-too")) edits.push_back(remove_at({part, std::string(name)}));
      break;
    case Habit::Sort:
      if (fields["order"].is_array()) edits.push_back(set_at({place, "order"}, sorted(fields["order"])));
      break;
  }
  return edits.empty() ? object : rewrite(object, edits);
}

Json Webhook::admit(std::string_view kind, const Json& object, const Json& before) const {
  const Treatment* treatment = on_ ? treatment_of(kind) : nullptr;
  if (treatment == nullptr) return object;
  Json admitted = content(kind, object);
  // A write that changes nothing is none, also here.
  if (!treatment->counts || admitted == before) return admitted;
  const std::string_view counted = before["metadata"]["annotations"][kCount].string("0");
  const std::string next = std::to_string(std::stoi(std::string(counted)) + 1);
  return rewrite(admitted, {set_at({"metadata", "annotations", std::string(kCount)}, Json::string(next))});
}

std::string Webhook::to_string() const {
  std::string text;
  for (const Treatment& treatment : treatments_) {
    constexpr std::string_view kNames[] = {"", "labels", "defaults", "insists on", "forbids", "sorts"};
    const std::string_view habit = kNames[static_cast<std::size_t>(treatment.habit)];
    if (habit.empty() && !treatment.counts) continue;
    text += fmt::format("{}{}{}{} {}", text.empty() ? "" : ", ", habit, !habit.empty() && treatment.counts ? " and " : "",
                        treatment.counts ? "counts" : "", treatment.kind);
  }
  return text.empty() ? "does nothing" : text;
}

}  // namespace heirloom::simulation
