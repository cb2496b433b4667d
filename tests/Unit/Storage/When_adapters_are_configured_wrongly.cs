using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Saga.Tenancy.Cache;
using Saga.Tenancy.Objects;
using Saga.Workers.Notification;
using Saga.Workers;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Storage;

/// <summary>The process names the key and the expected value, and does not start.</summary>
public sealed class When_adapters_are_configured_wrongly
{
    [Theory]
    [InlineData("Saga:Storage:Adapter")]
    [InlineData("Saga:Storage:Adapter", "Saga:Storage:Adapter=floppy")]
    [InlineData("Saga:Storage:Folder:Path", "Saga:Storage:Adapter=folder")]
    [InlineData("Saga:Storage:S3:Bucket", "Saga:Storage:Adapter=s3")]
    [InlineData("Saga:Storage:S3:Bucket", "Saga:Storage:Adapter=s3", "Saga:Storage:S3:Bucket=Has_Capitals")]
    [InlineData("Saga:Storage:S3:Bucket", "Saga:Storage:Adapter=s3", "Saga:Storage:S3:Bucket=a234567890123456789012345678901", "Saga:Storage:S3:Layout=bucket")]
    [InlineData("Saga:Storage:S3:Layout", "Saga:Storage:Adapter=s3", "Saga:Storage:S3:Bucket=saga", "Saga:Storage:S3:Layout=other")]
    [InlineData("Saga:Storage:S3:ServiceUrl", "Saga:Storage:Adapter=s3", "Saga:Storage:S3:Bucket=saga", "Saga:Storage:S3:ServiceUrl=localhost:9000")]
    [InlineData("Saga:Storage:S3:SecretKey", "Saga:Storage:Adapter=s3", "Saga:Storage:S3:Bucket=saga", "Saga:Storage:S3:AccessKey=a")]
    [InlineData("Saga:Storage:S3:Encryption", "Saga:Storage:Adapter=s3", "Saga:Storage:S3:Bucket=saga", "Saga:Storage:S3:Encryption=aes")]
    [InlineData("Saga:Storage:S3:Encryption", "Saga:Storage:Adapter=s3", "Saga:Storage:S3:Bucket=saga", "Saga:Storage:S3:Encryption=kms:")]
    [InlineData("Saga:Storage:S3:Encryption", "Saga:Storage:Adapter=s3", "Saga:Storage:S3:Bucket=saga", "Saga:Storage:S3:Encryption=kms:a b")]
    [InlineData("Saga:Storage:S3:NoncurrentDays", "Saga:Storage:Adapter=folder", "Saga:Storage:Folder:Path=/tmp", "Saga:Storage:S3:NoncurrentDays=0")]
    public void Should_name_the_key_of_storage(string key, params string[] settings) =>
        Fails<StorageOptions>((s, c) => s.AddTenantObjects(c), settings).ShouldContain(key);

    [Theory]
    [InlineData("Saga:Cache:Adapter")]
    [InlineData("Saga:Cache:Redis:ConnectionString", "Saga:Cache:Adapter=redis")]
    [InlineData("Saga:Cache:Redis:ConnectionString", "Saga:Cache:Adapter=redis", "Saga:Cache:Redis:ConnectionString=host:6379,noSuchOption=1")]
    [InlineData("Saga:Cache:Redis:TimeoutSeconds", "Saga:Cache:Adapter=redis", "Saga:Cache:Redis:ConnectionString=host", "Saga:Cache:Redis:TimeoutSeconds=0")]
    public void Should_name_the_key_of_the_cache(string key, params string[] settings) =>
        Fails<CacheOptions>((s, c) => s.AddTenantCache(c), settings).ShouldContain(key);

    [Theory]
    [InlineData("Saga:Mail:Adapter")]
    [InlineData("Saga:Mail:From", "Saga:Mail:Adapter=folder")]
    [InlineData("Saga:Mail:SignInUrl", "Saga:Mail:SignInUrl=javascript:alert(1)")]
    [InlineData("Saga:Mail:Folder:Path", "Saga:Mail:Adapter=folder")]
    [InlineData("Saga:Mail:Smtp:Host", "Saga:Mail:Adapter=smtp")]
    [InlineData("Saga:Mail:Smtp:Port", "Saga:Mail:Adapter=smtp", "Saga:Mail:Smtp:Port=0")]
    [InlineData("Saga:Mail:Smtp:Password", "Saga:Mail:Adapter=smtp", "Saga:Mail:Smtp:Username=u")]
    public void Should_name_the_key_of_mail(string key, params string[] settings) =>
        Fails<MailOptions>((s, c) => s.AddResource<NotificationModule>(c), settings).ShouldContain(key);

    private static string Fails<T>(Action<IServiceCollection, IConfiguration> add, string[] settings)
        where T : class
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Select(s => KeyValuePair.Create(s.Split('=')[0], (string?)s[(s.IndexOf('=', StringComparison.Ordinal) + 1)..]))).Build();
        var services = new ServiceCollection();
        add(services, configuration);
        using var provider = services.BuildServiceProvider();
        return Should.Throw<OptionsValidationException>(() => provider.GetRequiredService<IOptions<T>>().Value).Message;
    }
}
