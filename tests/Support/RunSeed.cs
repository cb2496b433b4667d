using System.Globalization;

namespace Saga.Tests.Support;

/// <summary>
/// Which sample of many cases a run takes: <c>SAGA_TEST_SEED</c>, or the number of the day, so that runs on different days cover
/// all cases and every run can be repeated. It is printed once.
/// </summary>
public static class RunSeed
{
    private static readonly Lazy<int> Seed = new(Choose);

    /// <summary>Everything instead of a sample: <c>SAGA_CRASH_ALL=1</c>.</summary>
    public static bool All => Environment.GetEnvironmentVariable("SAGA_CRASH_ALL") == "1";

    /// <summary>Not negative.</summary>
    public static int Value => Seed.Value;

    private static int Choose()
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable("SAGA_TEST_SEED"), NumberStyles.None, CultureInfo.InvariantCulture, out var given)
            ? given
            : (int)(TimeProvider.System.GetUtcNow() - DateTimeOffset.UnixEpoch).TotalDays;
        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"This run's samples: SAGA_TEST_SEED={seed}"));
        return seed;
    }
}
