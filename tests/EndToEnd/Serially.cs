using Saga.Tests.Support;
using Xunit;
using Xunit.v3;

// The two classes of crashes, each at a control plane of its own, go side by side; everything else goes alone.
[assembly: Parallelization(MaxThreads = 2)]
[assembly: AssemblyFixture(typeof(StopsServers))]

namespace Saga.Tests.EndToEnd;

/// <summary>The tests share servers, and some stop them.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    public const string Name = "alone";
}
