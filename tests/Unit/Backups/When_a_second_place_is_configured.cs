using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Saga.Registry.Backups;
using Saga.Workers.Backup;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Backups;

public sealed class When_a_second_place_is_configured
{
    private const string Folder = "Saga:Storage:Adapter=folder;Saga:Storage:Folder:Path=/data";
    private const string S3 = "Saga:Storage:Adapter=s3;Saga:Storage:S3:Bucket=saga;Saga:Storage:S3:ServiceUrl=http://s3.local:9000";

    [Theory]
    [InlineData(Folder, "Folder=/data/backups")]
    [InlineData(Folder, "Folder=/data/x/../backups/")]
    [InlineData($"{Folder};Saga:Backups:Folder=/other/", "Folder=/other")]
    [InlineData(S3, "Bucket=saga-backups;Endpoint=http://S3.local:9000/")]
    [InlineData($"{S3};Saga:Backups:Bucket=own", "Bucket=own;Endpoint=http://s3.local:9000")]
    [InlineData("Saga:Storage:Adapter=s3;Saga:Storage:S3:Bucket=saga", "Bucket=saga-backups;Region=eu-central-1")]
    public void Should_be_refused_when_it_is_the_first_one(string first, string second) =>
        Should.Throw<OptionsValidationException>(() => Read(first, second)).Message.ShouldContain("Saga:Backups:Copy names the place where backups are");

    [Theory]
    [InlineData(Folder, "Region=eu-central-1")]
    [InlineData(Folder, "Folder=/data/copies")]
    [InlineData(Folder, "Bucket=saga-backups;Encryption=kms:key")]
    [InlineData(S3, "Bucket=saga-backups;Endpoint=http://s3.elsewhere:9000;Encryption=s3")]
    [InlineData(S3, "Bucket=saga-copies;Endpoint=http://s3.local:9000")]
    [InlineData(S3, "Folder=/data/backups")]
    public void Should_be_accepted_when_it_is_another_one(string first, string second) => Read(first, second).ShouldNotBeNull();

    [Theory]
    [InlineData("")]
    [InlineData("aes")]
    [InlineData("kms:")]
    [InlineData("kms:a b")]
    public void Should_be_refused_with_an_encryption_that_does_not_exist(string encryption) =>
        Should.Throw<OptionsValidationException>(() => Read(Folder, $"Bucket=copies;Encryption={encryption}")).Message.ShouldContain("Saga:Backups:Copy:Encryption must be");

    private static BackupCopyOptions Read(string first, string second)
    {
        var settings = first.Split(';').Concat(second.Split(';').Select(s => $"{BackupCopyOptions.Section}:{s}")).Select(s => s.Split('=', 2));
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(settings.Select(s => KeyValuePair.Create(s[0], (string?)s[1]))).Build();
        var services = new ServiceCollection().AddLogging().AddSingleton<IConfiguration>(configuration);
        new BackupModule().AddSteps(services, configuration);
        using var provider = services.BuildServiceProvider();
        return provider.GetRequiredService<IOptions<BackupCopyOptions>>().Value;
    }
}
