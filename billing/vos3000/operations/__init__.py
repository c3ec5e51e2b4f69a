"""The operations of the web interface, one function for each, in a module for each subject.

Every function takes the `Client` to ask first, then what the operation wants by keywords, and names its section of the
manual. What it answers is a type beside it. The simulator does the same operations under the same module names.

Every function may raise `Withheld` and `Unreachable`. Those that read also raise `Refused`, `Lost`, `TimedOut` and
`Malformed`; those that write raise `Refused` and `UnknownOutcome`. A read that finds nothing answers nothing: the code
-10007 is an empty list. ValueError: the request made no sense and was not sent.

In all answers money is Decimal in the switch's currency, durations are seconds and instants are UTC. Attributes are the
wire's names in snake case; a field in milliseconds has a property that gives the instant.
"""
