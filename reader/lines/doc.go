// Package lines writes collections to files of lines: JSON Lines and CSV. A collection
// is appended in one go, and what an interrupted one left is cut off when the file is
// opened again.
package lines
