using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;
using Saga.Contracts.Identifiers;
using Saga.Contracts.Steps;
using Saga.Tenancy.Objects;
using Saga.Tests.Support;
using Saga.Workers.Runtime;
using Saga.Workers.Storage;
using Saga.Workers;

namespace Saga.Tests.Integration.Storage;

/// <summary>The storage worker and the runtime's objects, registered like in a host.</summary>
public sealed class StorageHost : IAsyncDisposable
{
    private readonly ServiceProvider services;
    private readonly string? folder;

    private StorageHost(ServiceProvider services, string? folder) => (this.services, this.folder) = (services, folder);

    public IStorageProvisioner Provisioner => services.GetRequiredService<IStorageProvisioner>();

    internal Saga.Workers.Exports.ExportFiles Exports => services.GetRequiredService<Saga.Workers.Exports.ExportFiles>();

    public IObjectStore Objects => services.GetRequiredService<IObjectStore>();

    public IStep Step => StepOf(StepNames.Storage);

    public IStep StepOf(string name) => services.GetServices<IStep>().Single(s => s.Name == name);

    /// <summary>The folder adapter's folder.</summary>
    public string Folder => folder!;

    /// <summary>What workers do at start; returns how many buckets they found.</summary>
    public Task<int> EnsureBucketRulesAsync() => services.GetServices<IHostedService>().OfType<BucketRulesAtStart>().Single().EnsureAsync(CancellationToken.None);

    /// <summary>What workers do once a day.</summary>
    public void ExpireVersions() => services.GetServices<IHostedService>().OfType<FolderVersionExpiry>().Single().Expire(CancellationToken.None);

    public static TenantId NewTenant() => new(Guid.CreateVersion7());

    public static StorageHost OnFolder(NpgsqlDataSource? registry = null, string? path = null, TimeProvider? time = null)
    {
        path ??= Directory.CreateTempSubdirectory("saga-objects-").FullName;
        return new(Build(registry, new() { ["Saga:Storage:Adapter"] = "folder", ["Saga:Storage:Folder:Path"] = path }, time), path);
    }

    public static async Task<StorageHost> OnS3Async(
        string layout = "prefix", string? bucket = null, string? url = null, bool requirePolicy = true, NpgsqlDataSource? registry = null, string? secret = null, params (string Key, string Value)[] settings)
    {
        var server = await S3Server.SharedAsync();
        return OnS3(url ?? server.Url, bucket ?? S3Server.NewBucket(), layout, requirePolicy, registry, server.AccessKey, secret ?? server.SecretKey, settings);
    }

    public static StorageHost OnS3(
        string url, string bucket, string layout = "prefix", bool requirePolicy = true, NpgsqlDataSource? registry = null, string access = "a", string secret = "s", params (string Key, string Value)[] settings) =>
        new(
            Build(registry, new()
            {
                ["Saga:Storage:Adapter"] = "s3", ["Saga:Storage:S3:ServiceUrl"] = url, ["Saga:Storage:S3:Bucket"] = bucket,
                ["Saga:Storage:S3:AccessKey"] = access, ["Saga:Storage:S3:SecretKey"] = secret, ["Saga:Storage:S3:Layout"] = layout,
                ["Saga:Storage:S3:RequirePolicy"] = requirePolicy ? "true" : "false", ["Saga:Storage:S3:TimeoutSeconds"] = "10",
            }, null, settings),
            null);

    public async ValueTask DisposeAsync()
    {
        await services.DisposeAsync();
        if (folder is not null && Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
    }

    private static ServiceProvider Build(NpgsqlDataSource? registry, Dictionary<string, string?> settings, TimeProvider? time = null, params (string Key, string Value)[] more)
    {
        foreach (var (key, value) in more)
            settings[key] = value;
        settings["Saga:Registry:ConnectionString"] = "Host=nowhere.invalid";
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(settings).Build();
        var collection = new ServiceCollection();
        collection.AddLogging();
        if (time is not null)
            collection.AddSingleton(time);
        collection.AddResource<StorageModule>(configuration);
        if (registry is not null)
            collection.AddSingleton(registry);
        return collection.BuildServiceProvider();
    }
}

internal static class ObjectTexts
{
    public static Task PutTextAsync(this ITenantObjects objects, string key, string text) =>
        objects.PutAsync(ObjectKey.Parse(key), new MemoryStream(System.Text.Encoding.UTF8.GetBytes(text)), CancellationToken.None);

    public static async Task<string?> GetTextAsync(this ITenantObjects objects, string key)
    {
        await using var content = await objects.GetAsync(ObjectKey.Parse(key), CancellationToken.None);
        if (content is null)
            return null;
        using var reader = new StreamReader(content);
        return await reader.ReadToEndAsync();
    }

    public static async Task<List<string>> KeysAsync(this ITenantObjects objects, string? folder = null)
    {
        var keys = new List<string>();
        await foreach (var entry in objects.ListAsync(folder is null ? null : ObjectKey.Parse(folder), CancellationToken.None))
            keys.Add(entry.Key);
        keys.Sort(StringComparer.Ordinal);
        return keys;
    }
}
