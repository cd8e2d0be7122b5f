package client

// ByGosnmp has all be asked by gosnmp from now on.
func (c *Client) ByGosnmp() { c.own = nil }
