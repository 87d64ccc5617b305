// What became of one object in one pass: values from which the application's status is computed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "apis/conflict.h"
#include "apis/resource_names.h"
#include "base/clock.h"
#include "base/json.h"
#include "policies/decide.h"
#include "policies/leave.h"

namespace heirloom::dispatcher {

enum class ObjectState {
  InForce,   // mine, and as declared
  Held,      // shared; another sharer's content is in force
  Observed,  // read-only
  Pending,   // inspected, and something is to be written
  Waiting,   // for a namespace, a kind, or the end of a deletion
  Conflict,  // see `conflict`
  Failed,    // an error that may pass; see `error`
};

struct ObjectOutcome {
  ObjectKey key;
  ObjectState state = ObjectState::Failed;
  bool owned = false;
  bool wrote = false;
  policies::Action action = policies::Action::Conflict;
  std::optional<Conflict> conflict;
  std::string waiting_for;              // a sentence
  Status error;
  std::vector<std::string> divergence;  // of a sharer: paths where its manifest is not in force
  bool shares_without_policy = false;
  std::optional<Duration> ask_again_after;
  // Neither done nor in trouble: others were quicker, or go first. Nothing to tell people; without ask_again_after to be
  // tried again with back-off.
  bool transient = false;
  Json body;                            // as last read; null when the object was verified without reading it
  bool wants_retry() const { return state == ObjectState::Failed || (transient && !ask_again_after); }
  bool settled() const {
    return state == ObjectState::InForce || state == ObjectState::Held || state == ObjectState::Observed;
  }
};

struct LeaveOutcome {
  ObjectKey key;
  enum class State { Left, Stays, Waiting, Failed } state = State::Failed;  // Stays: unshared, of an application that is gone
  std::string waiting_for;
  Status error;
  bool wrote = false;
  bool handed_over = false;
  bool deleted = false;
  policies::Kept kept = policies::Kept::No;  // released instead of deleted, and why
  std::string kept_because;                  // a sentence
  bool contended = false;  // Waiting because others were quicker: to be tried again with back-off
  std::optional<Duration> ask_again_after;
  bool wants_retry() const { return state == State::Failed || contended; }
};

}  // namespace heirloom::dispatcher
