package srl

import "netramet/ruleset"

// Read reads a rule file in either language, told apart by its content: an SRL
// program is compiled, low-level rules are read as they are. file is the name
// used in messages; opt.Optimise is for SRL only.
func Read(file string, src []byte, opt Options) (*ruleset.RuleSet, ruleset.Diags, error) {
	if len(src) <= MaxSource && ruleset.LooksLikeRules(src) {
		return ruleset.ReadText(file, src, ruleset.ReadOptions{Open: opt.Open})
	}
	return Compile(file, src, opt)
}
