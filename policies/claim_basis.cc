#include "policies/claim_basis.h"

#include "apis/labels.h"

namespace heirloom::policies {

ClaimBasis claim_basis(JsonView object, const LiveObject* live, const SharerKey& me, bool rejects) {
  ClaimBasis basis;
  basis.parameters = object["metadata"]["annotations"][annotations::kClaimParameters].string();
  if (rejects) basis.alone = live != nullptr && live->owner == me && live->ledger.size() <= 1;
  return basis;
}

bool holds(const ClaimBasis& basis, JsonView object, const LiveObject* live, const SharerKey& me) {
  return basis == claim_basis(object, live, me, basis.alone.has_value());
}

}  // namespace heirloom::policies
