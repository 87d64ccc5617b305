#include "server/access_review.h"

#include "server/authorization.h"
#include "server/errors.h"

namespace heirloom::server {
namespace {

constexpr std::string_view kSelf = "selfsubjectaccessreviews";
constexpr std::string_view kSubject = "subjectaccessreviews";

Attributes attributes_of(JsonView resource) {
  Attributes asked;
  asked.verb = std::string(resource["verb"].string());
  asked.group = std::string(resource["group"].string());
  asked.resource = std::string(resource["resource"].string());
  if (const auto sub = resource["subresource"].string(); !sub.empty())
    asked.resource += "/" + std::string(sub);
  asked.ns = std::string(resource["namespace"].string());
  asked.name = std::string(resource["name"].string());
  return asked;
}

Identity subject_of(JsonView spec) {
  Identity who;
  who.user = std::string(spec["user"].string());
  for (const auto& group : spec["groups"].elements()) who.groups.emplace_back(group.string());
  return who;
}

}  // namespace

bool is_access_review(const Request& request) {
  return request.group == kAuthorizationGroup && request.version == "v1" &&
         (request.resource == kSelf || request.resource == kSubject);
}

Result<Response> handle_access_review(Parts& parts, const Request& request) {
  if (request.verb != Verb::Create) return method_not_allowed();
  const bool self = request.resource == kSelf;
  const JsonView spec = request.body["spec"];
  if (!self && !request.identity.admin()) {
    return Status(403, reasons::kForbidden, "only administrators may ask what others may do");
  }
  const auto resource = spec["resourceAttributes"];
  if (resource.is_object() == spec["nonResourceAttributes"].is_object()) {
    schema::FieldErrors errors;
    errors.push_back(
        schema::invalid_value("spec.resourceAttributes", resource,
                              "exactly one of nonResourceAttributes or resourceAttributes must be "
                              "specified"));
    return schema::invalid_status(kAuthorizationGroup, "", "", std::move(errors));
  }
  const auto who = self ? request.identity : subject_of(spec);
  Verdict verdict;
  // Paths are not granted by roles here: administrators have them all.
  verdict.allowed = who.admin();
  if (resource.is_object()) verdict = evaluate(parts, who, attributes_of(resource));
  JsonBuilder out;
  out.begin_object().member("kind", self ? "SelfSubjectAccessReview" : "SubjectAccessReview");
  out.member("apiVersion", "authorization.k8s.io/v1");
  out.key("metadata").begin_object().key("creationTimestamp").null().end_object();
  out.member("spec", spec);
  out.key("status").begin_object().member("allowed", verdict.allowed);
  out.member_unless_empty("reason", verdict.reason).end_object();
  out.end_object();
  Response response;
  response.code = 201;
  response.body = out.take();
  return response;
}

}  // namespace heirloom::server
