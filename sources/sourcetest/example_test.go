package sourcetest_test

import (
	"fmt"

	"netramet/sources/sourcetest"
)

func ExampleBuild() {
	f, err := sourcetest.Build(
		sourcetest.Ether("02:00:00:00:00:01", "02:00:00:00:00:02"),
		sourcetest.VLAN(5),
		sourcetest.IPv4{Src: "10.0.0.1", Dst: "10.0.0.2"},
		sourcetest.UDP{Src: 1024, Dst: 53},
		sourcetest.DNS{ID: 7, Name: "example.org"},
		sourcetest.Snap(46))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(f.LinkType, f.WireLen, len(f.Data))
	fmt.Printf("% x\n", f.Data[18:])
	// Output:
	// ethernet 75 46
	// 45 00 00 39 00 00 00 00 40 11 66 b2 0a 00 00 01 0a 00 00 02 04 00 00 35 00 25 14 f2
}
