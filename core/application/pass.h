// Pass: one reconciliation of one Application, top to bottom. Level-triggered: it never learns why it was woken, and a
// crash between any two lines is harmless. Its members are what the pass has learned.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "apis/application.h"
#include "core/application/context.h"
#include "core/application/findings.h"
#include "kube/controller.h"
#include "policies/policy_set.h"

namespace heirloom::core {

class Pass {
 public:
  // `object`: the application as last seen. `malformed`: why its spec could not be read, ok when it could. The context
  // outlives the pass.
  Pass(Context* context, Application application, Json object, Status malformed);

  Task<Result<kube::Requeue>> run();

 private:
  // Steps of converge(), in order. False: stop here; findings_ says why.
  bool understand();
  Task<bool> is_current();
  Task<bool> ensure_finalizer();
  Task<bool> prepare();
  Task<void> keep_previous();
  std::vector<ObjectKey> without_history(const dispatcher::Check& check) const;
  Task<bool> learn_previous(std::vector<ObjectKey> objects);
  Task<bool> record();
  Task<void> collect();

  Task<void> converge();
  Task<dispatcher::Check> check_objects(std::shared_ptr<const dispatcher::Version> version);
  Task<void> watch_for_blockers();
  Task<void> finalize();
  Task<bool> remove_finalizers();
  Task<Status> write_status();

  kube::Impersonation objects_identity() const;
  void fail(std::string_view stage, Status status);
  void find_objects(const std::vector<dispatcher::ObjectOutcome>& outcomes);
  void come_back_for(const dispatcher::ObjectOutcome& outcome);
  bool is_between() const;
  std::vector<dispatcher::Dispatcher::Dropped> no_longer_declared(const std::vector<dispatcher::KnownTracker>& trackers,
                                                                  bool all) const;
  Task<std::vector<dispatcher::LeaveOutcome>> let_go(std::vector<dispatcher::Dispatcher::Dropped> dropped,
                                                     kube::Impersonation identity);
  Task<std::vector<dispatcher::Dispatcher::Dropped>> with_policies(std::vector<dispatcher::Dispatcher::Dropped> dropped);
  void note_health(const dispatcher::Version& version, const std::vector<dispatcher::ObjectOutcome>& outcomes);
  bool healthy_now(const dispatcher::Manifest& manifest, const dispatcher::ObjectOutcome& outcome);
  kube::Requeue next_visit() const;
  void tell(const ApplicationStatus& before, const ApplicationStatus& after);
  void note(kube::EventType type, std::string reason, std::string message);

  Context* context_;
  Application app_;
  Json object_;
  Status malformed_;
  ApplicationMemory* memory_;
  SharerKey me_;
  policies::PolicySet policies_;
  LatestRevision revision_;
  std::shared_ptr<const dispatcher::Version> version_;
  Findings findings_;
  bool written_ = false;   // the finalizer is off: there is nobody left to write a status to
  bool retry_ = false;     // come back with back-off
  std::optional<Duration> return_after_;
};

// An application that is gone without having let go of its objects (its finalizer was removed by hand): shared entries
// are purged, unshared objects stay and are reported.
Task<Result<kube::Requeue>> tidy_up_after(Context* context, SharerKey key);

}  // namespace heirloom::core
