// Stories: short lives of a shared object, small enough to be told again with the controller crashed at every single
// await and with every single fault at every single request.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "e2e/simulation/checker.h"
#include "kube/testing/fault_api.h"

namespace heirloom::simulation {

// One thing a user does.
struct StoryStep {
  enum class Do { Apply, Remove };
  Do what = Do::Apply;
  std::string application;
  // Apply: what the application declares beside its own ConfigMap, each "kind/name" of a core kind in namespace default
  // (Namespace: without), and whether it shares them.
  std::vector<std::string> objects;
  bool shares = true;
};

struct Story {
  std::string_view name;
  std::vector<StoryStep> steps;  // after the last one nothing may be left
};
std::span<const Story> all_stories();

// What goes wrong while a story is told.
struct Mishap {
  bool hasty = false;  // nobody waits for anything to be finished before the next step
  std::uint64_t crash_at = 0;  // handler of the controller; 0: no crash
  Duration pause = Duration::zero();  // before the next controller starts
  std::uint64_t fault_at = 0;  // request of the controller; 0: no fault
  kube::testing::Fault fault;
};

struct Telling {
  std::vector<Violation> violations;
  std::uint64_t handlers = 0;  // of the controller, until it crashed
  std::vector<bool> calls;     // of the controller: whether it is a write
  bool happened = true;        // the mishap
  std::string what;            // for people: the faulted request
};
Telling tell(const Story& story, const Mishap& mishap);

// Every way a request can fail, by name.
struct NamedFault {
  std::string_view name;
  kube::testing::Fault fault;
  bool of_writes = false;  // makes sense for writes alone
};
const std::vector<NamedFault>& all_faults();

struct Exhaustion {
  std::uint64_t tellings = 0;
  std::uint64_t broken = 0;
};
// Strides of 1: all of it; otherwise every so many-th crash and fault. `tell_violation` gets a text for every mishap that
// broke something.
Exhaustion exhaust(const Story& story, bool hasty, std::uint64_t crash_stride, std::uint64_t fault_stride,
                   const std::function<void(const std::string&)>& tell_violation);

}  // namespace heirloom::simulation
