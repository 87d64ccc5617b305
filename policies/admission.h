// What an application's metadata says about being reconciled at all.
#pragma once

#include <string_view>

#include "apis/application.h"

namespace heirloom::policies {

// Reasons to leave an application alone without a word, as KubeVela does.
enum class Admission {
  Reconcile,
  Paused,        // label controller.core.oam.dev/pause: "true"; also for deletion
  OtherVersion,  // annotation app.oam.dev/controller-version-require names another controller version
};
Admission admit(const Application& application, std::string_view controller_version);

// Annotation app.oam.dev/reconcile-interval in whole seconds; 0 when absent, malformed or below ten seconds,
// which KubeVela ignores.
int reconcile_interval_seconds(const Application& application);

}  // namespace heirloom::policies
