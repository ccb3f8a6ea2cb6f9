-- The look of the disk image's window. Arguments: the volume, the bundle's name.
on run {theVolume, theBundle}
    tell application "Finder"
        tell disk theVolume
            open
            set theWindow to container window
            set current view of theWindow to icon view
            set toolbar visible of theWindow to false
            set statusbar visible of theWindow to false
            set bounds of theWindow to {200, 120, 800, 520}
            set theOptions to icon view options of theWindow
            set arrangement of theOptions to not arranged
            set icon size of theOptions to 112
            set background picture of theOptions to file ".background:background.png"
            set position of item theBundle to {150, 190}
            set position of item "Applications" to {450, 190}
            update without registering applications
            delay 1
            close
        end tell
    end tell
end run
