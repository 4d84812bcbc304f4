"""The Pulumi side: what a stack is as a Pulumi program, the provider that builds it, and the engine that runs both."""
