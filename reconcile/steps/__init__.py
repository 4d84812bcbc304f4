"""The verbs: load, observe, plan, judge, apply. Each stands on the nouns; `apply` on the ledger too."""
