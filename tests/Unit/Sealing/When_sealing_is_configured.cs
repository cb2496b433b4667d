using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Saga.Workers.Sealing;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Sealing;

public sealed class When_sealing_is_configured
{
    private const string Key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    [Fact]
    public void Should_take_an_active_key_among_the_master_keys() =>
        Options(("ActiveKey", "k1"), ("MasterKeys:k1", Key), ("MasterKeys:k2", Key)).MasterKeys.Count.ShouldBe(2);

    [Fact]
    public void Should_ignore_the_case_of_a_key_id() =>
        Options(("ActiveKey", "k1"), ("MasterKeys:K1", Key)).ActiveKey.ShouldBe("k1");

    [Theory]
    [InlineData("", "Saga:Sealing:ActiveKey must be")]
    [InlineData("k2", "Saga:Sealing:ActiveKey must be")]
    public void Should_refuse_an_unknown_active_key(string active, string message) =>
        Should.Throw<OptionsValidationException>(() => Options(("ActiveKey", active), ("MasterKeys:k1", Key)))
            .Message.ShouldContain(message);

    [Theory]
    [InlineData("")]
    [InlineData("not base64")]
    [InlineData("AAEC")]
    [InlineData("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gIQ==")]
    public void Should_refuse_a_key_that_is_not_32_bytes_and_not_show_it(string key)
    {
        var message = Should.Throw<OptionsValidationException>(() => Options(("ActiveKey", "k1"), ("MasterKeys:k1", key))).Message;

        message.ShouldContain("Saga:Sealing:MasterKeys:k1 must be 32 random bytes as base64");
        if (key.Length > 0)
            message.ShouldNotContain(key);
    }

    private static SealingOptions Options(params (string Key, string Value)[] settings)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Select(s => KeyValuePair.Create<string, string?>("Saga:Sealing:" + s.Key, s.Value))).Build();
        return new ServiceCollection().AddSealing(configuration).BuildServiceProvider()
            .GetRequiredService<IOptions<SealingOptions>>().Value;
    }
}
