using System.Collections;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using Saga.Hosting.Startup;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.House;

/// <summary>A program refuses settings that it does not know, so it must know all that any program reads.</summary>
public sealed partial class When_settings_are_listed
{
    // Read without an options class, or by a class with another section.
    private static readonly string[] Single =
    [
        "Saga:Api:Address", "Saga:Data", "Saga:Identity:Adapter", "Saga:Log:Console", "Saga:Log:File", "Saga:Mode",
    ];

    [Fact]
    public void Should_name_those_of_every_options_class()
    {
        var text = string.Concat(Properties().Concat(Single).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Select(k => k + "\n"));
        var file = Path.Combine(Root(), "src", "Hosting", "Startup", "Settings.txt");
        if (Environment.GetEnvironmentVariable("SAGA_UPDATE_DOCS") == "1")
            File.WriteAllText(file, text);

        text.ShouldBe(File.ReadAllText(file), "Settings.txt changed: run the unit tests with SAGA_UPDATE_DOCS=1 and commit it.");
    }

    [Fact]
    public void Should_know_those_that_the_docs_name() =>
        Named().Matches(File.ReadAllText(Path.Combine(Root(), "docs", "configuration.md"))).Select(m => Placeholder().Replace(m.Groups["key"].Value, "x"))
            .Where(k => !k.EndsWith(':') && !KnownSettings.IsKnown(k) && !KnownSettings.All.Any(a => a.StartsWith(k + ":", StringComparison.Ordinal)))
            .Distinct(StringComparer.Ordinal).ShouldBeEmpty();

    [Theory]
    [InlineData("Saga:Api:Adress", "Saga:Api:Address")]
    [InlineData("saga:bus:rabitmq", "Saga:Bus:RabbitMq")]
    [InlineData("Saga:Databases:Servers:eu1:ConectionString", "Saga:Databases:Servers:eu1:ConnectionString")]
    [InlineData("Saga:Orchestrator:SweepMillis", null)]
    [InlineData("Saga:Nothing:Like:This", null)]
    public void Should_suggest_the_nearest(string key, string? nearest)
    {
        var found = KnownSettings.Nearest(key);

        if (nearest is not null)
            found.ShouldBe(nearest);
        KnownSettings.Wrong(new ConfigurationBuilder().AddInMemoryCollection([new(key, "x")]).Build()).ShouldHaveSingleItem().ShouldStartWith($"{key} is not a setting.");
    }

    [Fact]
    public void Should_say_which_boolean_is_none() =>
        KnownSettings.Wrong(new ConfigurationBuilder().AddInMemoryCollection([new("Saga:Auth:RequireHttps", "maybe"), new("Saga:Demo:Enabled", "False")]).Build())
            .ShouldBe(["Saga:Auth:RequireHttps is 'maybe'. It must be true or false."]);

    [Fact]
    public void Should_take_what_is_known_in_any_case() =>
        KnownSettings.Wrong(new ConfigurationBuilder().AddInMemoryCollection([new("saga:api:address", "x"), new("Saga:Databases:Servers:a:MaxTenants", "1"), new("Other:Key", "x")]).Build()).ShouldBeEmpty();

    private static IEnumerable<string> Properties()
    {
        foreach (var file in Directory.GetFiles(AppContext.BaseDirectory, "Saga.*.dll").Where(f => !Path.GetFileName(f).StartsWith("Saga.Tests", StringComparison.Ordinal)))
        {
            foreach (var type in Assembly.LoadFrom(file).GetTypes().Where(t => t is { IsClass: true } && t.Name.EndsWith("Options", StringComparison.Ordinal)))
            {
                if (type.GetField("Section", BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static) is { IsLiteral: true } section)
                {
                    foreach (var key in Of(type, (string)section.GetRawConstantValue()!))
                        yield return key;
                }
            }
        }
    }

    private static IEnumerable<string> Of(Type type, string prefix) =>
        type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.SetMethod is not null || IsMany(p.PropertyType)).SelectMany(p => Value(p.PropertyType, $"{prefix}:{p.Name}"));

    private static IEnumerable<string> Value(Type type, string key)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (IsMany(type))
            return Value(type.IsArray ? type.GetElementType()! : type.GetGenericArguments()[^1], key + ":*");
        return type.Namespace?.StartsWith("Saga.", StringComparison.Ordinal) == true && type is { IsClass: true } ? Of(type, key) : [type == typeof(bool) ? key + " bool" : key];
    }

    private static bool IsMany(Type type) => type != typeof(string) && typeof(IEnumerable).IsAssignableFrom(type) && (type.IsArray || type.IsGenericType);

    private static string Root([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", ".."));

    [GeneratedRegex("<[a-z]+>", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Placeholder();

    [GeneratedRegex("`(?<key>Saga:[A-Za-z0-9:<>]+)`", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Named();
}
