// Package eas is the program examples/eas: a supernet for classes in groups, a generator that
// answers which architecture suits a group and a budget, and what that is compared with.
package eas
