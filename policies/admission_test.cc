#include "policies/admission.h"

#include <doctest/doctest.h>

#include "apis/labels.h"
#include "apis/testing/builders.h"

namespace heirloom::policies {
namespace {

using heirloom::testing::application;

TEST_CASE("a paused application, and one that wants another controller, are left alone") {
  CHECK(admit(application("a"), "v1") == Admission::Reconcile);
  CHECK(admit(application("a").labelled(labels::kPause, "true"), "v1") == Admission::Paused);
  CHECK(admit(application("a").labelled(labels::kPause, "false"), "v1") == Admission::Reconcile);
  CHECK(admit(application("a").annotated(annotations::kControllerVersionRequire, "v1"), "v1") ==
        Admission::Reconcile);
  CHECK(admit(application("a").annotated(annotations::kControllerVersionRequire, "Disabled"), "v1") ==
        Admission::OtherVersion);
  CHECK(admit(application("a").annotated(annotations::kControllerVersionRequire, ""), "v1") ==
        Admission::OtherVersion);
}

TEST_CASE("a resync interval is a Go duration of at least ten seconds") {
  struct Case {
    std::string text;
    int seconds;
  };
  const Case kCases[] = {{"30s", 30}, {"1h30m", 5400}, {"10s", 10}, {"9s", 0},        {"0", 0},
                         {"", 0},     {"soon", 0},     {"-5m", 0},  {"9000h", 604800}};
  for (const Case& c : kCases) {
    CAPTURE(c.text);
    CHECK(reconcile_interval_seconds(application("a").annotated(annotations::kReconcileInterval, c.text)) ==
          c.seconds);
  }
  CHECK(reconcile_interval_seconds(application("a")) == 0);
}

}  // namespace
}  // namespace heirloom::policies
