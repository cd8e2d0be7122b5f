package srl

import "netramet/ruleset"

// Read reads a rule file in either language, distinguished by its content: an SRL
// program is compiled, low-level rules are read as they are. There, too,
// "standard.srl" may be included, and is empty: rules know its names anyway.
// file is the name used in messages; opt.Optimise is for SRL only.
func Read(file string, src []byte, opt Options) (*ruleset.RuleSet, ruleset.Diags, error) {
	if len(src) > MaxSource || !ruleset.LooksLikeRules(src) {
		return Compile(file, src, opt)
	}
	open := func(name string) ([]byte, error) {
		switch {
		case name == standardFile:
			return nil, nil
		case opt.Open == nil:
			return nil, errNoOpen
		}
		return opt.Open(name)
	}
	return ruleset.ReadText(file, src, ruleset.ReadOptions{Open: open, Path: opt.Path})
}
