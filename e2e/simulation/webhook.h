// Webhook: somebody's mutating admission webhook, which has its own idea of what objects look like. What it does to which
// kinds is drawn from the seed; the same object always comes out the same.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/random.h"

namespace heirloom::simulation {

class Webhook {
 public:
  // With everything it may do; drawn from the seed.
  explicit Webhook(std::uint64_t seed);

  // While off it is not installed: objects pass as they are, and stay as it made them.
  void turn(bool on) { on_ = on; }
  bool on() const { return on_; }

  // What it makes of an object of the kind that is written over `before` (null: created). `kind`: "ConfigMap".
  Json admit(std::string_view kind, const Json& object, const Json& before) const;
  // What it would make of the content of such an object, installed or not.
  Json content(std::string_view kind, const Json& object) const;

  // In words, for the trace.
  std::string to_string() const;

 private:
  enum class Habit {
    None,
    Label,     // a label where there is none
    Default,   // a field where there is none
    Insist,    // a label that applications declare has one value
    Forbid,    // a field that applications declare is dropped
    Sort,      // a list is put in order
  };
  struct Treatment {
    std::string_view kind;
    Habit habit = Habit::None;
    bool counts = false;  // an annotation counts the writes
  };
  static constexpr std::size_t kTreated = 7;

  const Treatment* treatment_of(std::string_view kind) const;

  Treatment treatments_[kTreated];
  bool on_ = false;
};

}  // namespace heirloom::simulation
