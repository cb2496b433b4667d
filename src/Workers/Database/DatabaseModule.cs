using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.DependencyInjection;
using Saga.Contracts.Steps;
using Saga.Registry;
using Saga.Registry.Connections;
using Saga.Registry.Placements;
using Saga.Registry.Products;
using Saga.Tenancy.Connections;
using Saga.Workers.Database.Adoption;
using Saga.Workers.Database.Inventory;
using Saga.Workers.Database.Migrations;
using Saga.Workers.Database.Moves;
using Saga.Workers.Database.Place;
using Saga.Workers.Database.Product;
using Saga.Workers.Database.Product.Check;
using Saga.Workers.Database.Replicas;
using Saga.Workers.Database.Restored;
using Saga.Workers.Database.Rotation;
using Saga.Workers.Database.Servers;
using Saga.Workers.Database.Suspension;
using Saga.Workers.Database.Tiers;
using Saga.Workers.Database.Upgrades;
using Saga.Workers.Database.Walls;
using Saga.Workers.Database.Removal;
using Saga.Workers.Drift;
using Saga.Workers.Runtime;
using Saga.Workers.Sealing;
using Saga.Workers.Verification;

namespace Saga.Workers.Database;

/// <summary>A tenant's database, schema or rows on a database server: creation, migration and verification.</summary>
public sealed class DatabaseModule : ResourceModule
{
    public override string Worker => WorkerNames.Database;

    public override void AddSteps(IServiceCollection services, IConfiguration configuration)
    {
        services.AddSealing(configuration).AddDatabaseServers(configuration).AddRuntimeReads(configuration).AddTenantConnections(configuration);
        services.AddProduct(configuration);
        services.AddSingleton<ProductMigrator>();
        services.AddSingleton<ProductSeeds>();
        services.AddSingleton<ProductVersionStore>();
        services.AddSingleton<ProductCheck>();
        services.AddSingleton<SeedPlans>();
        services.AddSingleton<ProductRelease>();
        services.AddHostedService<ReleaseProductAtStart>();
        services.AddSingleton<ExistingPlaces>();
        services.AddSingleton<SharedDatabases>();
        services.AddSingleton<TemplateDatabases>();
        services.AddSingleton<WarmPool>();
        services.AddHostedService<WarmPoolFiller>();
        services.AddSingleton<UpdatePlacesAtStart>();
        services.AddHostedService(s => s.GetRequiredService<UpdatePlacesAtStart>());
        services.AddSingleton<PlaceModeStore>();
        services.AddSingleton<PlaceModes>();
        services.AddHostedService(s => s.GetRequiredService<PlaceModes>());
        services.AddSingleton<ServerWalls>();
        services.AddHostedService<ServerWallsWatch>();
        services.AddHostedService<BlockingWatch>();
        services.AddHostedService<ServerHealthWatch>();
        services.AddSingleton<ITier, RowTier>();
        services.AddSingleton<ITier, SchemaTier>();
        services.AddSingleton<ITier, DatabaseTier>();
        services.AddSingleton<DatabaseStep>();
        services.AddSingleton<IStep>(s => s.GetRequiredService<DatabaseStep>());
        services.AddSingleton<MigrateStep>();
        services.AddSingleton<IStep>(s => s.GetRequiredService<MigrateStep>());
        services.TryAddSingleton<PlaceUse>();
        services.AddSingleton<IStep, MigratePlaceStep>();
        services.AddMoves(configuration);
        services.AddSingleton<AdoptedUserLimit>();
        services.AddSingleton<PlaceInspection>();
        services.AddSingleton<PlaceHandover>();
        services.AddSingleton<IStep, InspectPlaceStep>();
        services.AddSingleton<IStep, TakePlaceStep>();
        services.AddSingleton<IStep, MigrateAdoptedStep>();
        services.AddSingleton<SourceInspection>();
        services.AddSingleton<IStep, InspectSourceStep>();
        services.AddSingleton<IStep, CopySourceStep>();
        services.AddSingleton<IStep, CompareSourceStep>();
        services.AddSingleton<TenantLogin>();
        services.AddSingleton<IStep, ClosePlaceStep>();
        services.AddSingleton<IStep, OpenPlaceStep>();
        services.AddSingleton<IStep, BarLoginStep>();
        services.AddSingleton<IStep, AdmitLoginStep>();
        services.AddSingleton<PlaceSize>();
        services.AddSingleton<IStep, CheckUsageStep>();
        services.AddSingleton<IStep, LimitLoginStep>();
        services.AddSingleton<PlaceInventory>();
        services.AddSingleton<RowRemoval>();
        services.TryAddSingleton<RestoredDatabases>();
        services.AddSingleton<RestoredPlaces>();
        services.AddSingleton<IStep, RemoveDatabaseStep>();
        services.AddSingleton<PlaceLogins>();
        services.AddSingleton<LoginTrial>();
        services.AddSingleton<IStep, AddLoginStep>();
        services.AddSingleton<IStep, RetireLoginStep>();
        services.AddReplicas(configuration).AddSingleton<ReplicaServers>();
        services.AddSingleton<PlacementReplica>();
        services.AddSingleton<IStep, CreateReplicaStep>();
        services.AddSingleton<IStep, RemoveReplicaStep>();
        services.AddInventory<DatabaseInventory, ScanDatabasesStep>(configuration);
        services.AddRepair<DatabaseRepair, RepairDatabasesStep, ReleaseDatabasesStep, RemoveQuarantinedDatabasesStep>();
    }

    /// <summary>Needs neither an administrator's connection nor a master key.</summary>
    public override void AddVerifications(IServiceCollection services, IConfiguration configuration)
    {
        services.AddRegistry(configuration).AddRuntimeReads(configuration).AddTenantConnections(configuration).AddConnectionBudgets(configuration);
        services.AddProduct(configuration);
        services.AddReplicas(configuration);
        services.AddSingleton<IServerBudgets, VerifiedServerBudgets>();
        services.AddSingleton<DatabaseVerification>();
        services.AddSingleton<IVerification>(s => s.GetRequiredService<DatabaseVerification>());
    }
}
