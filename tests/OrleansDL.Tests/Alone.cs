namespace OrleansDL.Tests;

/// <summary>Tests that measure their process, and so run beside no others.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;
