package main

import "testing"

func systemKilled(t *testing.T, s *system)    {}
func systemGone(t *testing.T, s *system)      {}
func systemSeveral(t *testing.T, s *system)   {}
func systemErrors(t *testing.T, s *system)    {}
func systemDisk(t *testing.T, s *system)      {}
func systemManage(t *testing.T, s *system)    {}
func systemV3(t *testing.T, s *system)        {}
