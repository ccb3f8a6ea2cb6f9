# Tries the installer on real Windows as its user gets it: install, self-test, replace while it runs, remove.
$ErrorActionPreference = "Stop"
$program = "$env:LOCALAPPDATA\Programs\Tray Connector"
$command = "$program\tray-connector.exe"
$setup = (Get-ChildItem dist\TrayConnector-*-Setup.exe | Select-Object -First 1).FullName

function Invoke-Quietly($file, $words) {
    $process = Start-Process -FilePath $file -ArgumentList $words -Wait -PassThru
    if ($process.ExitCode -ne 0) { throw "$file $words ended with exit code $($process.ExitCode)" }
}

Invoke-Quietly $setup "/S"
& $command self-test --strict
if ($LASTEXITCODE -ne 0) { throw "the self-test failed" }

$running = Start-Process -FilePath "$program\Tray Connector.exe" -ArgumentList "demo" -PassThru
Start-Sleep -Seconds 15
if ($running.HasExited) { throw "the demo has ended by itself" }
Invoke-Quietly $setup @("/S", "/AUTOSTART")
if (-not $running.WaitForExit(10000)) { throw "the program was replaced while it ran" }
if (-not (Get-ItemProperty "HKCU:\Software\Microsoft\Windows\CurrentVersion\Run")."Tray Connector") { throw "no autostart" }

Invoke-Quietly "$program\uninstall.exe" @("/S", "/REMOVEDATA", "/REMOVEKEYS")
$deadline = (Get-Date).AddSeconds(60)
while ((Test-Path $program) -and ((Get-Date) -lt $deadline)) { Start-Sleep -Milliseconds 200 }
if (Test-Path $program) { throw "the program's folder is left" }
if (Test-Path "$env:LOCALAPPDATA\Tray Connector") { throw "the data is left" }
if (Test-Path "HKCU:\Software\Microsoft\Windows\CurrentVersion\Uninstall\Tray Connector") { throw "its entry is left" }
if ((Get-ItemProperty "HKCU:\Software\Microsoft\Windows\CurrentVersion\Run")."Tray Connector") { throw "autostart is left" }
