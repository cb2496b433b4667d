using Saga.Registry;

namespace Saga.Tests.Support;

/// <summary>The registry's clock, moved, for a host that starts later.</summary>
public static class EngineClock
{
    public static RegistryClock Later(TimeSpan by) => new() { Offset = by };
}
