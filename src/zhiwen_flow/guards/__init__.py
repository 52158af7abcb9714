"""Guards (守卫): judgements as pure functions with a reason, in a closed registry."""
