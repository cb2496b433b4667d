using System.Globalization;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Saga.Engine.Drift;
using Saga.Registry.Drift;
using Saga.Workers.Database.Servers;
using Saga.Workers.Database.Tiers;
using Saga.Workers.Drift;
using Saga.Workers.Runtime;

namespace Saga.Workers.Database.Inventory;

/// <summary>Tenants' databases, schemas, roles and places on the database servers, one server after the other.</summary>
internal sealed class DatabaseInventory(DatabaseServers servers, DriftStore drift) : IInventory
{
    public const string TenantPrefix = "tenant_";
    public const string RestoredPrefix = "restored_";

    private const int PagesAhead = 4;

    public IReadOnlyList<string> Resources { get; } =
        [DriftResources.Database, DriftResources.Role, DriftResources.Schema, DriftResources.Place, DriftResources.RestoredDatabase, DriftResources.SpareDatabase];

    public async IAsyncEnumerable<InventoryPage> ListAsync(InventoryScope scope, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // A server that this process does not know is one that it cannot read.
        foreach (var server in servers.Names.Union(await drift.ServersAsync(cancellationToken), StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList())
        {
            using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var pages = Channel.CreateBounded<InventoryPage>(PagesAhead);
            var listing = ListAsync(server, scope, pages.Writer, ending.Token);
            try
            {
                await foreach (var page in pages.Reader.ReadAllAsync(cancellationToken))
                    yield return page;
            }
            finally
            {
                await ending.CancelAsync();
                await listing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    public async Task<IReadOnlyList<ExpectedThing>> ExpectAsync(DriftSnapshot registry, InventoryScope scope, CancellationToken cancellationToken)
    {
        var expected = new List<ExpectedThing>();
        foreach (var placement in await registry.PlacementsAsync(cancellationToken))
            expected.AddRange(Expect(placement));
        expected.AddRange((await registry.PlacesAsync(cancellationToken)).Select(p => new ExpectedThing
        {
            Key = DriftResources.PlaceKey(p.Server, p.Database, p.TenantId), Tenant = p.TenantId, ChangedAt = p.UpdatedAt, Facts = PlaceFacts(p.Epoch, p.Mode),
        }));
        expected.AddRange((await registry.RestoredAsync(cancellationToken)).Select(r => new ExpectedThing
        {
            Key = RestoredKey(r.Server, r.Database), Tenant = r.TenantId, ChangedAt = r.CreatedAt,
        }));
        return expected;
    }

    internal static DriftKey DatabaseKey(string server, string database) => new(DriftResources.Database, server, database);

    internal static DriftKey RestoredKey(string server, string database) => new(DriftResources.RestoredDatabase, server, database);

    internal static DriftKey RoleKey(string server, string role) => new(DriftResources.Role, server, role);

    internal static Dictionary<string, string> PlaceFacts(long epoch, string mode) =>
        new(StringComparer.Ordinal) { [DriftFacts.Epoch] = epoch.ToString(CultureInfo.InvariantCulture), [DriftFacts.Mode] = mode };

    internal static Dictionary<string, string> DatabaseFacts(string owner, bool usable) => new(StringComparer.Ordinal) { [DriftFacts.Owner] = owner, [DriftFacts.Usable] = DriftFacts.Of(usable) };

    /// <summary>The id after the prefix; null in a name that is none of ours.</summary>
    internal static Guid? IdIn(string name, string prefix) =>
        name.StartsWith(prefix, StringComparison.Ordinal) && Guid.TryParseExact(name.AsSpan(prefix.Length), "n", out var id) ? id : null;

    private static IEnumerable<ExpectedThing> Expect(DriftPlacement placement)
    {
        // What is being built may be there or not.
        var building = placement.State == "building";
        ExpectedThing Thing(DriftKey key, Dictionary<string, string>? facts = null, bool optional = false) => new()
        {
            Key = key, Tenant = placement.TenantId, ChangedAt = placement.UpdatedAt, Facts = building || facts is null ? DriftFacts.None : facts, Optional = building || optional,
        };

        var login = new Dictionary<string, string>(StringComparer.Ordinal) { [DriftFacts.SignsIn] = DriftFacts.Of(placement is { State: "current", IsClosed: false }) };
        if (placement is { State: "current", Connections: { } connections })
        {
            login[DriftFacts.MemberOf] = placement.Tier switch { "row" => SharedRoles.RowUsers, "schema" => SharedRoles.Users(placement.Database), _ => "" };
            login[DriftFacts.Connections] = connections.ToString(CultureInfo.InvariantCulture);
        }

        yield return Thing(RoleKey(placement.Server, placement.Login), login);
        // The logins for read replicas, of which a tenant has one, two or none.
        yield return Thing(RoleKey(placement.Server, $"t_{placement.Id:n}_r"), optional: true);
        yield return Thing(RoleKey(placement.Server, $"t_{placement.Id:n}_rb"), optional: true);
        if (placement.Owner is not { } owner)
            yield break;
        yield return Thing(RoleKey(placement.Server, owner), new(StringComparer.Ordinal) { [DriftFacts.SignsIn] = DriftFacts.No });
        yield return placement.Tier == "database"
            ? Thing(DatabaseKey(placement.Server, placement.Database), DatabaseFacts(owner, usable: true))
            : Thing(DriftResources.SchemaKey(placement.Server, placement.Database, placement.Schema), new(StringComparer.Ordinal) { [DriftFacts.Owner] = owner });
    }

    private async Task ListAsync(string server, InventoryScope scope, ChannelWriter<InventoryPage> pages, CancellationToken cancellationToken)
    {
        try
        {
            var own = await drift.OwnDatabasesAsync(server, scope.Tenants, cancellationToken);
            using var listing = new ServerListing(servers, server, scope, own.ToHashSet(StringComparer.Ordinal), page => pages.WriteAsync(page, cancellationToken).AsTask());
            await listing.RunAsync(cancellationToken);
            pages.Complete();
        }
        catch (StepFailureException error)
        {
            await pages.WriteAsync(new([]) { Server = server, Failure = error.Failure }, cancellationToken);
            pages.Complete();
        }
        catch (Exception error)
        {
            pages.Complete(error);
        }
    }
}
