using System.Globalization;

namespace Saga.Tests.Support;

/// <summary>
/// How long tests wait for what must happen. Only a failure takes that long, so a slow machine needs longer limits and no other tests:
/// <c>SAGA_TEST_PATIENCE</c> (1 to 100) multiplies all of them. A test that something is fast, or does not happen, has limits of its own.
/// </summary>
public static class WaitLimit
{
    private static readonly int Factor =
        int.TryParse(Environment.GetEnvironmentVariable("SAGA_TEST_PATIENCE"), NumberStyles.None, CultureInfo.InvariantCulture, out var given) ? Math.Clamp(given, 1, 100) : 1;

    public static TimeSpan Seconds(int seconds) => TimeSpan.FromSeconds(seconds) * Factor;

    public static TimeSpan Minutes(int minutes) => TimeSpan.FromMinutes(minutes) * Factor;

    public static TimeSpan Of(TimeSpan limit) => limit * Factor;
}
