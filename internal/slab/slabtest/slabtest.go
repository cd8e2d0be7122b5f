// Package slabtest helps to test what is kept in slabs.
package slabtest

import "reflect"

// Plain reports whether values of a type hold no pointers, so that the garbage
// collector never looks into a slab of them.
func Plain(t reflect.Type) bool {
	switch k := t.Kind(); k {
	case reflect.Array:
		return Plain(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if !Plain(t.Field(i).Type) {
				return false
			}
		}
		return true
	default:
		return k >= reflect.Bool && k <= reflect.Complex128 && k != reflect.Uintptr
	}
}
