using System.Globalization;

namespace Saga.Tests.EndToEnd.Disturbances;

/// <summary>How many tenants there are, and how bad the disturbances are.</summary>
/// <param name="Tenants">Half of them come over HTTP, half over AMQP.</param>
/// <param name="Kills">How many processes are killed.</param>
/// <param name="Between">The time between two kills.</param>
/// <param name="Away">How long the broker, PostgreSQL or Redis is away.</param>
/// <param name="Outside">How long the object store or Keycloak is away, and how long Keycloak is slow.</param>
/// <param name="Frozen">How long processes are frozen; longer than a lease.</param>
/// <param name="LeaseSeconds">The workers' lease.</param>
/// <param name="Limit">How long the last tenants may take after the last disturbance.</param>
internal sealed record Extent(int Tenants, int Kills, TimeSpan Between, TimeSpan Away, TimeSpan Outside, TimeSpan Frozen, int LeaseSeconds, TimeSpan Limit)
{
    /// <summary>The number of tenants of a long run, which lasts several minutes.</summary>
    private const string Switch = "SAGA_TEST_INSTALLATION_TENANTS";

    /// <summary>The number of tenants that live through a long run.</summary>
    private const string LivesSwitch = "SAGA_TEST_LIVES";

    private static readonly Extent Brief = new(
        24, 3, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(8), 4, TimeSpan.FromMinutes(3));

    /// <summary>A brief run, or the long one of as many tenants as the environment says.</summary>
    public static Extent FromEnvironment() => Environment.GetEnvironmentVariable(Switch) is { Length: > 0 } tenants
        ? new(int.Parse(tenants, CultureInfo.InvariantCulture), 14, TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(25), TimeSpan.FromSeconds(45), 15, TimeSpan.FromMinutes(20))
        : Brief;

    /// <summary>A brief run of commands of all kinds, or the long one.</summary>
    public static Extent OfLives() => Environment.GetEnvironmentVariable(LivesSwitch) is { Length: > 0 } tenants
        ? new(int.Parse(tenants, CultureInfo.InvariantCulture), 9, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(25), TimeSpan.FromSeconds(45), 15, TimeSpan.FromMinutes(30))
        {
            Operations = 1000, AllKills = 200, DiskMegabytes = 4000,
        }
        : Brief with { Tenants = 4, Kills = 1 };

    /// <summary>For commands of all kinds: the disturbances begin again until there were so many operations.</summary>
    public int Operations { get; init; }

    /// <summary>For commands of all kinds: the disturbances begin again until so many processes were killed.</summary>
    public int AllKills { get; init; }

    /// <summary>The size of the disk that is filled.</summary>
    public int DiskMegabytes { get; init; } = 1000;
}
